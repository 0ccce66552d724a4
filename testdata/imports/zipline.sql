--
-- PostgreSQL database dump
--

CREATE TABLE public."File" (
    id text NOT NULL
);

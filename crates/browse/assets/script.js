// Comfort for who has scripts: every view works without. Completion and history in the query box, keys for the
// table, buttons that copy. Nothing is fetched.
"use strict";
(() => {
    const query = document.getElementById("query");
    const form = document.getElementById("ask");

    // What has no value says nothing in an address.
    document.addEventListener("submit", (event) => {
        for (const field of event.target.elements) {
            if (field.name && !field.value) field.disabled = true;
        }
        setTimeout(() => { for (const field of event.target.elements) field.disabled = false; });
    });

    // Keys: / for the query, arrows and j, k for the rows of the table.
    document.addEventListener("keydown", (event) => {
        const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
        if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
        if (event.key === "/") {
            const field = query || document.querySelector("input[type=search]");
            if (field) { event.preventDefault(); field.focus(); }
            return;
        }
        const isDown = event.key === "j" || event.key === "ArrowDown";
        const isUp = event.key === "k" || event.key === "ArrowUp";
        const inTable = event.target.closest("#list");
        if (!(isDown || isUp) || (event.key.length > 1 && !inTable)) return;
        const links = [...document.querySelectorAll("#list tbody th a")];
        const row = inTable && event.target.closest("tr");
        const at = row ? links.findIndex((link) => row.contains(link)) : -1;
        const next = links[Math.max(0, isDown ? at + 1 : at - 1)];
        if (next) { event.preventDefault(); next.focus(); }
    });

    // Copying.
    const copy = async (text, told) => {
        try { await navigator.clipboard.writeText(text); } catch { return; }
        const before = told.textContent;
        told.textContent = "copied";
        setTimeout(() => { told.textContent = before; }, 1200);
    };
    for (const text of navigator.clipboard ? document.querySelectorAll("pre[data-copy]") : []) {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "copy";
        button.textContent = "Copy";
        button.addEventListener("click", () => copy(text.textContent, button));
        const around = document.createElement("div");
        around.className = "copies";
        text.before(around);
        around.append(text, button);
    }
    for (const key of navigator.clipboard ? document.querySelectorAll(".key[data-copy]") : []) {
        key.setAttribute("role", "button");
        key.tabIndex = 0;
        key.title = `Copy ${key.dataset.copy}`;
        key.addEventListener("click", () => copy(key.dataset.copy, key));
        key.addEventListener("keydown", (event) => { if (event.key === "Enter") copy(key.dataset.copy, key); });
    }

    // One menu is open at a time, and none once it is left.
    document.addEventListener("click", (event) => {
        for (const menu of document.querySelectorAll("details.menu[open]")) {
            if (!menu.contains(event.target)) menu.open = false;
        }
    });
    document.addEventListener("keydown", (event) => {
        const menu = event.key === "Escape" && event.target.closest("details.menu[open]");
        if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
    });

    if (!query || !form) return;

    // History: what was asked in this tab, newest first.
    const KEPT = "filedex-queries";
    const asked = () => {
        try { return JSON.parse(sessionStorage.getItem(KEPT)) || []; } catch { return []; }
    };
    const keep = (text) => {
        if (!text.trim()) return;
        const texts = [text, ...asked().filter((other) => other !== text)].slice(0, 50);
        try { sessionStorage.setItem(KEPT, JSON.stringify(texts)); } catch { /* a tab without storage */ }
    };
    keep(query.value);
    let place = -1;
    let draft = query.value;
    const recall = (step) => {
        const texts = asked().filter((text) => text !== draft);
        const next = place + step;
        if (next < -1 || next >= texts.length) return;
        place = next;
        query.value = place < 0 ? draft : texts[place];
    };

    // Completion: operators behind $, else the fields that occur.
    const operators = [...document.querySelectorAll("#operators > div")].map((row) => ({
        word: row.querySelector("dt").textContent.trim(),
        help: row.querySelector("dd").textContent.trim(),
    }));
    const fields = () => [...document.querySelectorAll("#occurring input")].map((box) => ({ word: box.value, help: "" }));
    const list = document.createElement("ul");
    list.className = "offers";
    list.id = "offers";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Completions");
    list.hidden = true;
    query.after(list);
    query.setAttribute("aria-autocomplete", "list");
    query.setAttribute("aria-controls", "offers");
    let chosen = -1;

    const word = () => /[$\w.]+$/.exec(query.value.slice(0, query.selectionStart))?.[0] || "";
    const close = () => {
        list.hidden = true;
        chosen = -1;
        query.removeAttribute("aria-activedescendant");
    };
    const choose = (at) => {
        chosen = (at + list.children.length) % list.children.length;
        [...list.children].forEach((offer, number) => {
            offer.setAttribute("aria-selected", String(number === chosen));
            if (number === chosen) offer.scrollIntoView({ block: "nearest" });
        });
        query.setAttribute("aria-activedescendant", `offer-${chosen}`);
    };
    const take = (text) => {
        const end = query.selectionStart;
        query.setRangeText(text, end - word().length, end, "end");
        close();
    };
    const offer = () => {
        const begun = word();
        const behind = query.value.slice(0, query.selectionStart - begun.length).trimEnd();
        // A field may begin behind { and , and in quotes; an operator anywhere.
        const isName = begun.startsWith("$") || /[{,"']$/.test(behind);
        const from = begun.startsWith("$") ? operators : fields();
        const fits = begun && isName ? from.filter(({ word }) => word.startsWith(begun) && word !== begun) : [];
        if (!fits.length) { close(); return; }
        list.replaceChildren(...fits.slice(0, 12).map(({ word, help }, number) => {
            const item = document.createElement("li");
            item.id = `offer-${number}`;
            item.setAttribute("role", "option");
            item.setAttribute("aria-selected", "false");
            const name = document.createElement("code");
            name.textContent = word;
            const words = document.createElement("span");
            words.textContent = help;
            item.append(name, words);
            item.addEventListener("mousedown", (event) => { event.preventDefault(); take(word); });
            return item;
        }));
        list.hidden = false;
        choose(0);
    };
    query.addEventListener("input", () => { draft = query.value; place = -1; offer(); });
    query.addEventListener("blur", close);
    query.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            close();
            form.requestSubmit();
        } else if (!list.hidden) {
            const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
            if (step) { event.preventDefault(); choose(chosen + step); }
            if (event.key === "Escape") { event.preventDefault(); close(); }
            if (event.key === "Enter" || event.key === "Tab") {
                event.preventDefault();
                take(list.children[chosen].querySelector("code").textContent);
            }
        } else if (event.key === "ArrowUp" && !query.value.slice(0, query.selectionStart).includes("\n")) {
            event.preventDefault();
            recall(1);
        } else if (event.key === "ArrowDown" && !query.value.slice(query.selectionEnd).includes("\n")) {
            event.preventDefault();
            recall(-1);
        }
    });
    form.addEventListener("submit", () => keep(query.value));
})();

// The page in a real browser: by mouse, by keyboard alone, without scripts, narrow and dark, with what is hostile in it.
// In every test: no request to anywhere else, nothing the content policy had to stop, no error in the console.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { chromium } from "playwright-core";
import { HOSTILE, LARGE } from "./files.mjs";

const WIDE = { width: 1360, height: 850 };
const SLOW = "{$expr: {$gt: [{$reduce: {input: {$range: [0, 1500]}, initialValue: 0, in: {$add: ['$$value', '$$this']}}}, 1]}}";

let browser;
let home;
let signedIn;

/** The address that lets the next browser in: the last one that the program printed. */
function invitation() {
    const said = readFileSync(process.env.FILEDEX_SAID, "utf8");
    return said.match(/http:\S+token=\S+/g).at(-1);
}

/** A number as the page writes it. */
const shown = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, "\u202f");

/** A page in a profile of its own, with what must not happen in it noted. */
async function open(options = {}, cookies = signedIn) {
    const context = await browser.newContext({ viewport: WIDE, ...options });
    if (cookies) await context.addCookies(cookies);
    const page = await context.newPage();
    page.wrong = [];
    page.on("request", (request) => {
        if (!request.url().startsWith(home)) page.wrong.push(`asks ${request.url()}`);
    });
    page.on("console", (message) => {
        const isRefusal = /status of 40[014]/.test(message.text());
        if (["error", "warning"].includes(message.type()) && !isRefusal) page.wrong.push(message.text());
    });
    page.on("pageerror", (error) => page.wrong.push(String(error)));
    page.on("dialog", (dialog) => { page.wrong.push(`dialog ${dialog.message()}`); dialog.dismiss(); });
    return page;
}

async function close(page) {
    assert.deepEqual(page.wrong, []);
    await page.context().close();
}

/** What axe-core finds, all of its rules for WCAG 2.2 AA and its best practices. */
async function accessible(page) {
    const { violations } = await new AxeBuilder({ page }).analyze();
    const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ").slice(0, 400)}`);
    assert.deepEqual(told, []);
}

async function picture(page, name) {
    if (!process.env.PICTURES) return;
    mkdirSync(process.env.PICTURES, { recursive: true });
    await page.screenshot({ path: join(process.env.PICTURES, `${name}.png`) });
}

const total = (page) => page.locator(".results .total strong").textContent();
const names = (page) => page.locator("#list tbody th").allTextContents();

before(async () => {
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
    home = new URL(invitation()).origin;
    const page = await open({}, null);
    await page.goto(invitation());
    signedIn = await page.context().cookies();
    await close(page);
});

after(() => browser.close());

describe("who may look", () => {
    it("is whoever has the token, once, and then his cookie", async () => {
        const used = invitation();
        const [cookie] = signedIn;
        assert.equal(cookie.httpOnly && cookie.sameSite, "Strict");
        const first = await open({}, null);
        await first.goto(used);
        assert.equal(first.url(), `${home}/`);
        const second = await open({}, null);
        await second.goto(used);
        await second.getByText("was used already").waitFor();
        await accessible(second);
        await close(first);
        await close(second);
    });

    it("gets from a shared address, in a fresh profile and with a token, to what was shared", async () => {
        const shared = `${home}/files?room=GENERAL&query=%7Bsize%3A+%7B%24gt%3A+1000000%7D%7D&sort=%7Bsize%3A+-1%7D`;
        const page = await open({}, null);
        const refused = await page.goto(shared);
        assert.equal(refused.status(), 401);
        await page.getByLabel("Token").fill(new URL(invitation()).searchParams.get("token"));
        await page.getByLabel("Token").press("Enter");
        await page.locator("#list").waitFor();
        assert.equal(new URL(page.url()).searchParams.get("sort"), "{size: -1}");
        assert.equal(await page.getByLabel("Query").inputValue(), "{size: {$gt: 1000000}}");
        await close(page);
    });
});

describe("by mouse", () => {
    it("leads from the first view to a room, its files, one record, and those that share a value", async () => {
        const page = await open();
        await page.goto(`${home}/`);
        await accessible(page);
        await picture(page, "browse-first");
        await page.getByRole("link", { name: "GENERAL" }).first().click();
        await page.locator("#list").waitFor();
        assert.equal(await total(page), shown(LARGE));
        await page.getByRole("columnheader", { name: "size" }).getByRole("link").click();
        await page.locator("th[aria-sort=descending]", { hasText: "size" }).waitFor();
        const sizes = await page.locator("#list data.size").evaluateAll((all) => all.map((one) => Number(one.value)));
        assert.deepEqual(sizes, [...sizes].sort((one, other) => other - one));
        await page.getByRole("columnheader", { name: "size" }).getByRole("link").click();
        await page.locator("th[aria-sort=ascending]", { hasText: "size" }).waitFor();
        await page.getByRole("link", { name: "Next ›" }).click();
        await page.waitForURL(/offset=50/);
        await page.locator("#list tbody th a").first().click();
        await page.waitForURL(/\/record/);
        await accessible(page);
        await page.locator(".leaf", { hasText: "extension" }).first().hover();
        await page.getByRole("link", { name: "Files with the same extension", exact: true }).click();
        await page.locator("#list").waitFor();
        assert.equal(await page.locator(".chips li").count(), 1);
        await page.locator(".chips a").click();
        await page.waitForURL((url) => !url.searchParams.has("and"));
        await page.locator("#list").waitFor();
        assert.equal(await total(page), shown(LARGE));
        await close(page);
    });

    it("narrows by facets, and their counts are what is then found", async () => {
        const page = await open();
        await page.goto(`${home}/files?room=GENERAL&query=${encodeURIComponent("{name: /logo/i}")}`);
        const png = page.locator(".facets .values a", { hasText: /^png/ });
        const count = await png.locator(".count").textContent();
        await picture(page, "browse-room");
        await accessible(page);
        await png.click();
        await page.locator(".chips li").waitFor();
        assert.equal(await total(page), count);
        const month = page.locator(".months a").nth(3);
        const label = await month.getAttribute("aria-label");
        await month.click();
        await page.locator(".chips li").nth(1).waitFor();
        assert.equal(await total(page), label.match(/: ([\d\u202f]+)/)[1]);
        await close(page);
    });

    it("chooses columns, and pages of another size", async () => {
        const page = await open();
        await page.goto(`${home}/files?room=GENERAL&type=image`);
        await page.getByText("Columns", { exact: true }).click();
        await page.getByLabel("identify.size.width").check();
        await accessible(page);
        await page.getByRole("button", { name: "Show these" }).click();
        await page.getByRole("columnheader", { name: "identify.size.width" }).waitFor();
        await page.locator(".sizes").getByText("100", { exact: true }).click();
        await page.waitForURL(/count=100/);
        await page.locator("#list").waitFor();
        assert.equal((await names(page)).length, 100);
        await close(page);
    });

    it("shows how a page was found, and what would cost less", async () => {
        const page = await open();
        const question = new URLSearchParams({ query: "{size: {$gt: 2000000}}", sort: "{size: -1}" });
        await page.goto(`${home}/files?${question}`);
        await page.locator(".hint").first().waitFor();
        await page.locator(".how summary").click();
        const json = JSON.parse(await page.locator(".how pre").textContent());
        assert.equal(json.sort, "heap");
        await page.locator("#how").scrollIntoViewIfNeeded();
        await page.locator("#how").evaluate((how) => how.scrollIntoView({ block: "center", behavior: "instant" }));
        await picture(page, "browse-explain");
        await accessible(page);
        await close(page);
    });

    it("downloads all that is found, as each form", async () => {
        const page = await open();
        await page.goto(`${home}/files?room=GENERAL&type=audio`);
        const all = Number((await total(page)).replace(/\u202f/g, ""));
        for (const [form, count] of [
            ["NDJSON", (text) => text.trimEnd().split("\n").map(JSON.parse).length],
            ["JSON", (text) => JSON.parse(text).length],
            ["CSV", (text) => text.trimEnd().split("\r\n").length - 1],
        ]) {
            const [download] = await Promise.all([
                page.waitForEvent("download"),
                page.locator(".downloads").getByText(form, { exact: true }).click(),
            ]);
            assert.equal(count(readFileSync(await download.path(), "utf8")), all, form);
        }
        await close(page);
    });
});

describe("by keyboard alone", () => {
    it("puts a question with completion, moves in the table, opens a record and comes back", async () => {
        const page = await open();
        const { keyboard } = page;
        await page.goto(`${home}/files?room=GENERAL`);
        await page.locator("#list").waitFor();
        await keyboard.press("Tab");
        assert.equal(await page.locator(":focus").textContent(), "Skip to the content");
        await keyboard.press("/");
        await keyboard.type("{siz");
        await page.locator(".offers").waitFor();
        await accessible(page);
        await keyboard.press("Enter");
        await keyboard.type(": {$gt");
        await page.locator(".offers", { hasText: "greater or equal" }).waitFor();
        await keyboard.press("Escape");
        await keyboard.type(": 100000000}}");
        await keyboard.press("Control+Enter");
        await page.waitForURL(/query=/);
        await page.locator("#list").waitFor();
        assert.equal(await page.getByLabel("Query").inputValue(), "{size: {$gt: 100000000}}");
        const found = await total(page);
        await keyboard.press("j");
        await keyboard.press("j");
        await keyboard.press("ArrowUp");
        await keyboard.press("ArrowDown");
        const second = (await names(page))[1];
        assert.equal(await page.locator(":focus").textContent(), second);
        await keyboard.press("Enter");
        await page.waitForURL(/\/record/);
        // Past the bar to the content, whose first link leads back.
        await keyboard.press("Tab");
        await keyboard.press("Enter");
        await keyboard.press("Tab");
        assert.equal(await page.locator(":focus").textContent(), "‹ Back to the files");
        await keyboard.press("Enter");
        await page.waitForURL(/\/files/);
        await page.locator("#list").waitFor();
        assert.equal(await total(page), found);
        await close(page);
    });

    it("brings back what was asked before", async () => {
        const page = await open();
        for (const query of ["{size: 1}", "{size: 2}"]) {
            await page.goto(`${home}/files?query=${encodeURIComponent(query)}`);
        }
        await page.goto(`${home}/files`);
        await page.keyboard.press("/");
        await page.keyboard.press("ArrowUp");
        await page.keyboard.press("ArrowUp");
        assert.equal(await page.getByLabel("Query").inputValue(), "{size: 1}");
        await page.keyboard.press("ArrowDown");
        assert.equal(await page.getByLabel("Query").inputValue(), "{size: 2}");
        await close(page);
    });

    it("reaches every link and button by Tab, each seen when it has the focus", async () => {
        const page = await open();
        await page.goto(`${home}/rooms`);
        const reached = new Set();
        for (let presses = 0; presses < 200; presses += 1) {
            await page.keyboard.press("Tab");
            const at = await page.evaluate(() => {
                const focused = document.activeElement;
                if (focused === document.body) return null;
                const style = getComputedStyle(focused);
                return { text: focused.outerHTML.slice(0, 120), isSeen: style.outlineStyle !== "none" || focused.matches("input") };
            });
            if (!at || reached.has(at.text)) break;
            assert.ok(at.isSeen, at.text);
            reached.add(at.text);
        }
        const all = await page.locator("a[href], button, input:not([type=hidden])").count();
        assert.ok(reached.size >= all, `${reached.size} of ${all}`);
        await close(page);
    });
});

describe("what is hostile", () => {
    it("is shown as the text that it is, in the table, as a record and in every list", async () => {
        const page = await open();
        for (const path of ["/users", "/files?room=attack", `/record?id=${encodeURIComponent("<b>attack</b>")}`]) {
            await page.goto(home + path);
            await page.getByText("<script>window.attacked=1</script>").first().waitFor();
            assert.equal(await page.evaluate(() => window.attacked), undefined);
            assert.equal(await page.locator("main script, main img").count(), 0);
        }
        await page.goto(`${home}/files?room=attack`);
        assert.ok((await names(page))[0].includes(HOSTILE));
        await accessible(page);
        await close(page);
    });

    it("does nothing in an address or a query either, and the fault stands at its place", async () => {
        const page = await open();
        const query = '{size: "<script>window.attacked=1</script>", name: }';
        const response = await page.goto(`${home}/files?query=${encodeURIComponent(query)}&room=%3Cscript%3E`);
        assert.equal(response.status(), 400);
        const fault = page.locator("#query-fault");
        assert.match(await fault.locator("pre").textContent(), /\n +\^$/);
        assert.equal(await page.getByLabel("Query").getAttribute("aria-describedby"), "query-fault");
        assert.equal(await page.evaluate(() => window.attacked), undefined);
        await accessible(page);
        await close(page);
    });

    it("cannot run a script that the page did not bring, were one to get in", async () => {
        const page = await open();
        await page.goto(`${home}/`);
        await page.evaluate(() => {
            const script = document.createElement("script");
            script.textContent = "window.attacked = 1";
            document.body.append(script);
        });
        assert.equal(await page.evaluate(() => window.attacked), undefined);
        assert.match(page.wrong.join(), /Content Security Policy/);
        page.wrong = [];
        await close(page);
    });

    it("a slow question ends when its page is left, and leaves its place to the next", async () => {
        const page = await open();
        const slow = `${home}/files?query=${encodeURIComponent(SLOW)}`;
        await page.goto(slow, { waitUntil: "commit" });
        await page.getByLabel("Query").waitFor();
        const started = Date.now();
        await new Promise((done) => setTimeout(done, 600));
        assert.equal(await page.locator(".results .total").count(), 0, "it is slow");
        // The facets of the next page need the slow place that the question had: it would have it for many seconds more.
        await page.goto(`${home}/files?room=attack`);
        await page.locator(".facets .counted").waitFor({ timeout: 8000 });
        console.log(`left and answered the next after ${Date.now() - started} ms`);
        await close(page);
    });
});

describe("wherever it is looked at", () => {
    it("back and forward show what was there", async () => {
        const page = await open();
        await page.goto(`${home}/files?room=GENERAL`);
        await page.locator(".types").getByText("video").click();
        await page.waitForURL(/type=video/);
        await page.locator("#list").waitFor();
        const videos = await total(page);
        await page.goBack();
        await page.locator("#list").waitFor();
        assert.equal(await total(page), shown(LARGE));
        await page.goForward();
        await page.locator("#list").waitFor();
        assert.equal(await total(page), videos);
        await close(page);
    });

    it("fits a narrow window without being pushed aside", async () => {
        const page = await open({ viewport: { width: 375, height: 740 } });
        for (const path of ["/", "/rooms", "/files?room=GENERAL", "/record?id=f000001", "/health"]) {
            await page.goto(home + path);
            const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
            assert.ok(over <= 0, `${path} is ${over} px too wide`);
            await accessible(page);
        }
        await close(page);
    });

    it("is as readable in the dark", async () => {
        const page = await open({ colorScheme: "dark" });
        for (const path of ["/", "/users", "/files?room=GENERAL&query={size:{$gt:1000000}}&sort={size:-1}", "/record?id=f000001", "/health", "/nothing"]) {
            await page.goto(home + path);
            await accessible(page);
        }
        await close(page);
    });

    it("works without scripts", async () => {
        const page = await open({ javaScriptEnabled: false });
        await page.goto(`${home}/files`);
        await page.getByLabel("Room", { exact: true }).fill("GENERAL");
        await page.getByLabel("Query").fill("{name: /^invoice/}");
        await page.getByRole("button", { name: "Run" }).click();
        await page.locator("#list").waitFor();
        const { search } = new URL(page.url());
        assert.doesNotMatch(search, /=(&|$)/, "what says nothing is not in the address");
        assert.ok((await names(page)).every((name) => name.startsWith("invoice")));
        await page.getByText("Command line").click();
        await page.getByText("filedex find --db DIR").waitFor();
        await close(page);
    });

    it("verifies the store while it says how far it is", async () => {
        const page = await open();
        await page.goto(`${home}/health`);
        await page.getByRole("button", { name: "Verify" }).click();
        await page.getByText("everything is as it should be").waitFor();
        await accessible(page);
        await close(page);
    });

    it("shows a room of 60,000 files from one end to the other", async () => {
        const page = await open();
        const started = Date.now();
        await page.goto(`${home}/files?room=GENERAL`, { waitUntil: "commit" });
        await page.locator("#list").waitFor();
        console.log(`a page of ${LARGE} files stood after ${Date.now() - started} ms`);
        const last = LARGE / 50;
        await page.locator(".pages").getByText(shown(last), { exact: true }).click();
        await page.waitForURL(new RegExp(`offset=${LARGE - 50}`));
        await page.locator("#list").waitFor();
        assert.equal((await names(page)).length, 50);
        await close(page);
    });
});

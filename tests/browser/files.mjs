// The files of the store that the page is tried on, as lines of JSON: the same in every run.

/** Files of the largest room, and of all rooms. */
export const LARGE = 60_000;
const OTHERS = 8_000;
const BEGIN = Date.UTC(2023, 0, 3, 8);

/** A name that is an attack where it is not escaped. */
export const HOSTILE = `<script>window.attacked=1</script><img src=x onerror="window.attacked=1">.png`;

const KINDS = [
    ["image", "image/png", "png", 4e6], ["image", "image/jpeg", "jpg", 8e6], ["image", "image/png", "png", 9e5],
    ["image", "image/jpeg", "jpg", 3e6], ["application", "application/pdf", "pdf", 2e7], ["text", "text/plain", "txt", 1e5],
    ["video", "video/mp4", "mp4", 5e8], ["audio", "audio/mpeg", "mp3", 2e7], ["application", "application/zip", "zip", 1e8],
];
const NAMES = [
    "Logo final", "release notes", "team photo", "Quarterly report", "screen recording", "invoice", "oauth-screen", "whiteboard",
    "meeting minutes of the working group on storage and retrieval", "voice memo", "floor plan", "backup", "icon set",
];
const PEOPLE = ["ann", "ben", "cyd", "dora", "emil", "fay", "gus", "hana", "ivo", "june", "karl", "lea"];
const ROOMS = ["random", "design", "support", "releases", "music", "travel", "kitchen", "press", "archive"];

let state = 20240617;
const random = () => {
    // A small generator of its own, so that no version of anything changes the files.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
};
const skewed = (list) => list[Math.floor(random() ** 2 * list.length)];

function file(number, room) {
    const [typeGroup, type, extension, largest] = skewed(KINDS);
    const uploaded = BEGIN + number * 1_400_000 + Math.floor(random() * 3e6);
    const record = {
        _id: `f${String(number).padStart(6, "0")}`,
        name: `${skewed(NAMES)}${random() < 0.7 ? ` ${Math.floor(random() * 400)}` : ""}.${extension}`,
        size: 64 + Math.floor(random() ** 4 * largest),
        type, typeGroup, extension, rid: room, userId: skewed(PEOPLE),
        uploadedAt: { $date: new Date(uploaded).toISOString() },
        complete: true, store: "GridFS:Uploads",
    };
    if (typeGroup === "image") {
        const size = { width: 16 + Math.floor(random() * 4000), height: 16 + Math.floor(random() * 3000) };
        record.identify = { format: extension, size };
    }
    return record;
}

export function* files() {
    for (let number = 0; number < LARGE + OTHERS; number += 1) {
        yield file(number, number % 17 < 15 ? "GENERAL" : skewed(ROOMS));
    }
    yield { ...file(40_000, "attack"), _id: "<b>attack</b>", name: HOSTILE, userId: "'\"><script>window.attacked=1</script>" };
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
    let text = "";
    for (const record of files()) text += `${JSON.stringify(record)}\n`;
    process.stdout.write(text);
}

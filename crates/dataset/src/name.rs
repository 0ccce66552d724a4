//! Names of files as people give them: words of several scripts, numbers, `logo` in some case in
//! 4.6 % of them.

use fastrand::Rng;

const WORDS: &[&str] = &[
    "images",
    "screenshot",
    "invoice",
    "report",
    "IMG",
    "meeting notes",
    "budget",
    "photo",
    "Draft",
    "final",
    "backup",
    "contract",
    "roadmap",
    "design",
    "export",
    "scan",
    "holiday",
    "team",
    "Übersicht",
    "Größe",
    "résumé",
    "año nuevo",
    "отчёт",
    "写真",
    "会議メモ",
    "보고서",
    "ملف",
    "naïve façade",
    "Ελλάδα",
    "party 🎉",
];

const LOGOS: &[&str] = &["logo", "Logo", "LOGO", "logo-dark", "NewLogo", "brandLogo", "loGo"];

/// A name with that extension.
pub(crate) fn generate(random: &mut Rng, extension: &str) -> String {
    let words = if random.f64() < 0.046 { LOGOS } else { WORDS };
    let word = random.choice(words).copied().unwrap_or("file");
    match random.u8(0..4) {
        0 => format!("{word}.{extension}"),
        1 => format!("{word}-{}.{extension}", random.u32(1..1_000)),
        2 => format!("{word} ({}).{extension}", random.u32(1..20)),
        _ => format!("{}_{word}_{:04}.{extension}", random.u32(2018..2026), random.u32(0..10_000)),
    }
}

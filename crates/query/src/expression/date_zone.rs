//! Zones as they stand in the text of dates: offsets, and abbreviations of many names.
//!
//! The abbreviations are those of timelib's table, each with the offset that stands there first. Names of
//! the IANA database are refused inside text, as the server refuses them.

/// Seconds east of Greenwich, and the abbreviations that mean them.
const ABBREVIATIONS: [(i64, &str); 60] = [
    (-43200, "y"),
    (-39600, "sst x"),
    (-36000, "ahst bdt hst w"),
    (-34200, "hdt hpt hwt"),
    (-32400, "ahdt akst yst v"),
    (-28800, "akdt pst ydt ypt ywt u"),
    (-26248, "emt"),
    (-25200, "mst pdt ppt pwt yddt t"),
    (-21600, "cst mdt mpt mwt pddt s"),
    (-20173, "sjmt"),
    (-19776, "hmt"),
    (-18840, "qmt"),
    (-18000, "cdt cpt cwt est mddt r"),
    (-17340, "ppmt"),
    (-16800, "sdmt"),
    (-15408, "cmt"),
    (-14660, "ffmt"),
    (-14400, "ast cddt edt ept ewt q"),
    (-14309, "bmt"),
    (-13884, "smt"),
    (-13840, "amt"),
    (-13236, "pmt"),
    (-12600, "nst"),
    (-10800, "adt apt awt eddt p"),
    (-9052, "ndt"),
    (-9000, "npt nwt"),
    (-7200, "addt o"),
    (-5400, "nddt"),
    (-4056, "fmt"),
    (-3600, "n"),
    (-1521, "dmt"),
    (0, "gmt uct utc wet z"),
    (3600, "bst cet met wat west a"),
    (5040, "wmt"),
    (5736, "kmt"),
    (5794, "rmt"),
    (7200, "bdst cat cest eet ist mest sast wast wemt b"),
    (8440, "jmt"),
    (9017, "mmt"),
    (9394, "lst"),
    (10751, "tbmt"),
    (10800, "cemt eat eest idt msk c"),
    (12344, "tmt"),
    (14400, "iddt msd d"),
    (16279, "mdst"),
    (18000, "pkt e"),
    (21600, "pkst f"),
    (25025, "imt"),
    (25200, "wib g"),
    (25590, "plmt"),
    (28800, "awst hkt wita h"),
    (30600, "kst"),
    (32400, "awdt hkst jst wit i"),
    (34200, "acst cast"),
    (36000, "aest chst gst jdt kdt k"),
    (37800, "acdt"),
    (39600, "aedt gdt l"),
    (41400, "nzmt"),
    (43200, "nzst m"),
    (46800, "nzdt"),
];
/// Longer words are no abbreviations.
const LONGEST: usize = 5;

/// Reads an offset or an abbreviation from the start of the text: seconds east of Greenwich, and what
/// is left of the text.
pub(super) fn read(text: &str) -> Option<(i64, &str)> {
    let opened = text.trim_start_matches([' ', '\t', '(']);
    let before = text.get(..text.len() - opened.len()).unwrap_or_default();
    let brackets = before.matches('(').count();
    let signed = opened.strip_prefix("GMT").filter(|rest| rest.starts_with(['+', '-']));
    let (offset, rest) = signed_offset(signed.unwrap_or(opened)).or_else(|| named(opened))?;
    Some((offset, closed(rest, brackets)))
}

/// Passes over as many closing brackets as were opened.
fn closed(mut rest: &str, brackets: usize) -> &str {
    for _ in 0..brackets {
        rest = rest.strip_prefix(')').unwrap_or(rest);
    }
    rest
}

/// `+5`, `+05`, `+5:30`, `+0530`, `+05:30`, `+053000`, `+05:30:00`.
fn signed_offset(text: &str) -> Option<(i64, &str)> {
    let (sign, rest) = match text.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, text.strip_prefix('-')?),
    };
    let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != ':');
    let (written, rest) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
    let parts: Vec<&str> = written.split(':').collect();
    let number = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<i64>().ok() };
    let (hours, minutes, seconds) = match (parts.as_slice(), written.len()) {
        ([hours], 1 | 2) => (number(hours)?, 0, 0),
        ([both], 3 | 4) => (number(both)? / 100, number(both)? % 100, 0),
        ([all], 6) => (number(all)? / 10_000, number(all)? / 100 % 100, number(all)? % 100),
        ([hours, minutes], 3..=5) => (number(hours)?, number(minutes)?, 0),
        ([hours, minutes, seconds], 8) => (number(hours)?, number(minutes)?, number(seconds)?),
        _ => return None,
    };
    Some((sign * (hours * 3600 + minutes * 60 + seconds), rest))
}

fn named(text: &str) -> Option<(i64, &str)> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "/_+-".contains(letter);
    let end = text.find(|letter| !is_part(letter)).unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end)?;
    let is_meant = |names: &str| names.split(' ').any(|name| name.eq_ignore_ascii_case(word));
    let known = ABBREVIATIONS.iter().find(|(_, names)| word.len() <= LONGEST && is_meant(names));
    known.map(|(offset, _)| (*offset, rest))
}

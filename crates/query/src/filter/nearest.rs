//! Which known name somebody meant who wrote another: one letter off.

/// The known name that is one letter more, less, other or exchanged with its neighbour.
pub(crate) fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let name: Vec<char> = name.chars().take(40).collect();
    known.into_iter().find(|known| is_near(&name, &known.chars().collect::<Vec<char>>()))
}

fn is_near(name: &[char], known: &[char]) -> bool {
    let same = name.iter().zip(known).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
    let (rest, other) =
        (name.get(same..).unwrap_or_default(), known.get(same..).unwrap_or_default());
    let alike = |one: &[char], two: &[char]| {
        one.len() == two.len() && one.iter().zip(two).all(|(a, b)| a.eq_ignore_ascii_case(b))
    };
    let tail = |letters: &'_ [char], from: usize| letters.get(from..).map(<[char]>::to_vec);
    let exchanged = match (rest, other) {
        ([a, b, rest @ ..], [c, d, other @ ..]) => a == d && b == c && alike(rest, other),
        _ => false,
    };
    let fits = |one: Option<Vec<char>>, two: Option<Vec<char>>| {
        one.zip(two).is_some_and(|(one, two)| alike(&one, &two))
    };
    exchanged
        || alike(rest, other)
        || fits(tail(rest, 1), tail(other, 1))
        || fits(tail(rest, 1), tail(other, 0))
        || fits(tail(rest, 0), tail(other, 1))
}

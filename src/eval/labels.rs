//! What labels have in common, whatever language their values were written in: how long they may
//! be, and how much of a list is looked at. What is absent: the notation of a language.

/// The longest text in a label, in characters.
const LONGEST: usize = 72;

/// How many characters of a longer one stand at its end.
const AT_END: usize = 24;

/// How many arguments, items and pieces are looked at.
pub(super) const MOST: usize = 8;

/// The beginning and the end of what is too long for a label.
pub(super) fn shortened(text: &str) -> String {
    // The number of bytes is asked first: counting the characters of a long text takes long.
    if text.len() <= LONGEST || text.len() <= 4 * LONGEST && text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let from = text.char_indices().rev().nth(AT_END - 1);
    let first: String = text.chars().take(LONGEST - AT_END - 1).collect();
    let last = from.and_then(|(at, _)| text.get(at..)).unwrap_or_default();
    format!("{first}…{last}")
}

/// Values with commas between them, each as `shown` writes it; what follows the first ones is
/// left out.
pub(super) fn listed<T>(values: &[T], shown: impl Fn(&T) -> String) -> String {
    let mut text = String::new();
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            text.push_str(", ");
        }
        if at == MOST {
            text.push('…');
            break;
        }
        text.push_str(&shown(value));
    }
    text
}

//! Addresses of Terraform, taken apart and put together.
//!
//! Documents give addresses as text (`module.hub["a.b"].azurerm_subnet.app[0]`), references with the
//! attributes after them (`azurerm_subnet.app["x"].id`).

/// A segment of an address or reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Segment<'t> {
    /// A name between dots.
    Name(&'t str),
    /// What stands in brackets, with them: `["a.b"]`, `[0]`.
    Index(&'t str),
}

/// Takes an address apart. Text that is none gives the segments that can be told.
pub(super) fn segments(text: &str) -> Vec<Segment<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '[' => {
                let length = bracket(rest);
                found.extend(rest.get(..length).map(Segment::Index));
                length
            }
            '.' => 1,
            _ => {
                let length = rest.find(['.', '[']).unwrap_or(rest.len());
                found.extend(rest.get(..length).map(Segment::Name));
                length
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    found
}

/// How long what stands in brackets is; quotes may hold brackets.
fn bracket(text: &str) -> usize {
    let mut quoted = false;
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ']' if !quoted => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Puts segments together.
pub(super) fn join(prefix: &str, segments: &[Segment<'_>]) -> String {
    let mut text = prefix.to_owned();
    for segment in segments {
        match segment {
            Segment::Name(name) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
            }
            Segment::Index(index) => text.push_str(index),
        }
    }
    text
}

/// The module calls of a module's address, outermost first: name and key.
pub(super) fn module_calls(address: &str) -> Vec<(&str, Option<&str>)> {
    let mut calls: Vec<(&str, Option<&str>)> = Vec::new();
    let mut names = segments(address).into_iter();
    while let Some(segment) = names.next() {
        match segment {
            Segment::Name("module") => {
                if let Some(Segment::Name(name)) = names.next() {
                    calls.push((name, None));
                }
            }
            Segment::Index(key) => {
                if let Some(last) = calls.last_mut() {
                    last.1 = Some(key);
                }
            }
            Segment::Name(_) => return calls,
        }
    }
    calls
}

/// An address without the key at its end, and that key.
pub(super) fn without_key(address: &str) -> (&str, Option<&str>) {
    match segments(address).last() {
        Some(Segment::Index(key)) => {
            let length = address.len() - key.len();
            (address.get(..length).unwrap_or(address), Some(*key))
        }
        _ => (address, None),
    }
}

/// The address of the module that a module lies in, and the key of its own call.
pub(super) fn outer_module(address: &str) -> (&str, Option<&str>) {
    let (call, key) = without_key(address);
    let outer = call.rfind("module.").unwrap_or(0);
    let outer = call.get(..outer).unwrap_or_default();
    (outer.strip_suffix('.').unwrap_or(outer), key)
}

/// The address of the module that a resource lies in, and the resource's own address there.
pub(super) fn split(address: &str) -> (&str, &str) {
    let mut names = segments(address).into_iter().peekable();
    let mut length = 0;
    while names.next_if_eq(&Segment::Name("module")).is_some() {
        let Some(Segment::Name(name)) = names.next() else {
            break;
        };
        length += "module.".len() + name.len() + 1;
        if let Some(Segment::Index(key)) = names.next_if(|it| matches!(it, Segment::Index(_))) {
            length += key.len();
        }
    }
    let module = address.get(..length.saturating_sub(1)).unwrap_or_default();
    (module, address.get(length..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_may_hold_dots_brackets_and_quotes() {
        let address = r#"module.a["x.y]"].module.b[0].azurerm_subnet.s["q\"]."].id"#;
        let found = segments(address);
        assert_eq!(found.get(2), Some(&Segment::Index(r#"["x.y]"]"#)));
        assert_eq!(found.last(), Some(&Segment::Name("id")));
        assert_eq!(join("", &found), address);
        assert_eq!(
            module_calls(address),
            [("a", Some(r#"["x.y]"]"#)), ("b", Some("[0]"))]
        );
    }

    #[test]
    fn a_module_lies_in_the_one_before_it() {
        assert_eq!(
            outer_module(r#"module.a["x"].module.b[0]"#),
            (r#"module.a["x"]"#, Some("[0]"))
        );
        assert_eq!(outer_module("module.a"), ("", None));
        assert_eq!(
            split(r#"module.a["x.y"].module.b.azurerm_subnet.s[0]"#),
            (r#"module.a["x.y"].module.b"#, "azurerm_subnet.s[0]")
        );
        assert_eq!(split("azurerm_subnet.s"), ("", "azurerm_subnet.s"));
        assert_eq!(
            without_key(r#"azurerm_subnet.s["a"]"#),
            ("azurerm_subnet.s", Some(r#"["a"]"#))
        );
    }
}

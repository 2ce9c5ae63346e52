//! Values in disguise: functions, conditions, templates and `for` around what a person would have
//! typed.

use super::tree::Tree;
use super::{DEEPEST, Writer};

impl Writer<'_> {
    /// Whether the value is whole where it stands: nothing in it comes from elsewhere.
    pub(super) fn is_fixed(&self, value: &Tree) -> bool {
        !value.has_link() && !value.mentions(self.hidden)
    }

    /// A value as an expression.
    pub(super) fn expression(&mut self, value: &Tree) -> String {
        if self.depth >= DEEPEST {
            return self.written(value);
        }
        self.depth += 1;
        let fixed = self.is_fixed(value);
        let expression = match self.roll(32) {
            0..=7 => self.written(value),
            8 | 9 => self.local(value),
            10 | 11 => self.variable(value),
            12 => {
                let (text, is) = self.condition();
                // Both branches become of one type.
                let no = match value {
                    Tree::List(_) | Tree::Object(_) | Tree::Blocks(_) => "null",
                    other => decoy(other),
                };
                let own = self.expression(value);
                match is {
                    true => format!("({text} ? {own} : {no})"),
                    false => format!("({text} ? {no} : {own})"),
                }
            }
            13 => format!(
                "{{ b = {}, a = {} }}.a",
                decoy(value),
                self.expression(value)
            ),
            14 => format!("[{}, {}][1]", decoy(value), self.expression(value)),
            15 => format!("coalesce(null, {})", self.expression(value)),
            16 => format!("try({{}}.nothing, {})", self.expression(value)),
            17 => format!(
                "lookup({{ x = {} }}, \"x\", {})",
                self.expression(value),
                decoy(value)
            ),
            18 => format!("merge({{ u = {} }}, {{ w = 1 }}).u", self.expression(value)),
            19 => format!("element([{}, {}], 1)", decoy(value), self.expression(value)),
            20 => format!("one([{}])", self.expression(value)),
            21 => match self.roll(2) {
                1 if fixed && !matches!(value, Tree::Truth(_)) => format!(
                    "[for it in [{}, {}] : it if it != {}][0]",
                    decoy(value),
                    self.expression(value),
                    decoy(value)
                ),
                _ => format!("[for it in [{}] : it][0]", self.expression(value)),
            },
            22 => match self.roll(2) {
                0 => format!(
                    "{{ for k, v in {{ a = {} }} : k => v }}.a",
                    self.expression(value)
                ),
                _ => format!(
                    "{{ for v in [{}] : \"g\" => v... }}[\"g\"][0]",
                    self.expression(value)
                ),
            },
            // Text that is made of an object leads to the object, not to what is in it.
            23 if fixed && value.scalar().is_some() => match self.roll(2) {
                0 => format!("jsondecode(jsonencode({}))", self.expression(value)),
                _ => format!("yamldecode(yamlencode({}))", self.expression(value)),
            },
            24 => self.echo(value),
            25 => match self.roll(4) {
                0 => format!("values({{ a = {} }})[0]", self.expression(value)),
                1 => format!("zipmap([\"a\"], [{}])[\"a\"]", self.expression(value)),
                2 => format!("([{{ a = {} }}][*].a)[0]", self.expression(value)),
                _ => format!("[{}].0", self.expression(value)),
            },
            26 | 27 if fixed => self.in_file(value),
            _ => self.of_its_kind(value),
        };
        self.depth -= 1;
        expression
    }

    /// Disguises that only values of a kind can wear.
    fn of_its_kind(&mut self, value: &Tree) -> String {
        let fixed = self.is_fixed(value);
        match value {
            Tree::Text(text) if self.whole == 0 && fixed => self.text(text),
            Tree::Number(number) if self.whole == 0 && fixed => self.number(*number),
            Tree::List(items) => self.list(items, value),
            Tree::Object(entries) if entries.len() > 1 => {
                let at = 1 + self.roll(entries.len() - 1);
                let (front, back) = entries.split_at(at);
                let whole = self.roll(3);
                let front = self.expression(&Tree::Object(front.to_vec()));
                let back = self.expression(&Tree::Object(back.to_vec()));
                match whole {
                    0 => format!("merge({front}, {back})"),
                    1 => format!("merge([{front}, {back}]...)"),
                    _ => format!("{{ for k, v in merge({front}, {back}) : k => v }}"),
                }
            }
            Tree::Truth(truth) => {
                let (text, is) = self.condition();
                match is == *truth {
                    true => format!("({text})"),
                    false => format!("!({text})"),
                }
            }
            other => self.written(other),
        }
    }

    fn list(&mut self, items: &[Tree], value: &Tree) -> String {
        let fixed = self.is_fixed(value);
        let texts = items.iter().all(|it| matches!(it, Tree::Text(_)));
        if items.len() > 1 && self.roll(2) == 0 {
            let at = 1 + self.roll(items.len() - 1);
            let (front, back) = items.split_at(at);
            let way = self.roll(4);
            let front = self.expression(&Tree::List(front.to_vec()));
            let back = self.expression(&Tree::List(back.to_vec()));
            return match way {
                0 => format!("concat({front}, {back})"),
                1 => format!("flatten([{front}, {back}])"),
                2 => format!("[for it in concat({front}, {back}) : it]"),
                _ => format!("concat([{front}, {back}]...)"),
            };
        }
        if items.is_empty() {
            return self.written(value);
        }
        let way = self.roll(9);
        if way == 8 && texts && fixed && self.whole == 0 {
            let typed: Vec<String> = items.iter().filter_map(Tree::scalar).collect();
            return format!("split(\",\", \"{}\")", typed.join(","));
        }
        let list = self.expression(value);
        match way {
            0 => format!(
                "slice(concat({list}, [{}]), 0, {})",
                decoy(&items[0]),
                items.len()
            ),
            1 => format!("reverse(reverse({list}))"),
            2 if texts && fixed => format!("distinct({list})"),
            3 if texts && fixed => format!("compact(concat({list}, [\"\"]))"),
            4 => format!("coalescelist([], {list})"),
            5 if texts => format!("flatten(chunklist({list}, 1))"),
            6 => format!("flatten([for it in {list} : [it]])"),
            7 => format!("({list})[*]"),
            _ => format!("concat({list})"),
        }
    }

    fn text(&mut self, text: &str) -> String {
        let way = self.roll(18);
        if way < 6 && text.len() > 2 {
            let at = 1 + self.roll(text.len() - 2);
            let (front, back) = text.split_at(at);
            self.parts
                .entry(text.to_owned())
                .or_default()
                .push(vec![front.to_owned(), back.to_owned()]);
            let front = self.behind(&Tree::Text(front.to_owned()));
            let back = self.behind(&Tree::Text(back.to_owned()));
            return match way {
                0 => format!("\"${{{front}}}${{{back}}}\""),
                1 => format!("format(\"%s%s\", {front}, {back})"),
                2 => format!("join(\"\", [{front}, {back}])"),
                3 => format!("format(\"%[2]s%[1]s\", {back}, {front})"),
                4 => format!("replace(\"${{{front}}}#{{x}}\", \"#{{x}}\", {back})"),
                _ => format!("\"%{{ if true }}${{{front}}}%{{ else }}no%{{ endif }}${{{back}}}\""),
            };
        }
        if way == 6
            && let Some(written) = self.computed(text)
        {
            return written;
        }
        let value = Tree::Text(text.to_owned());
        let own = self.behind(&value);
        match way {
            7 => format!("trimspace(\"  ${{{own}}} \")"),
            8 => format!("base64decode(base64encode({own}))"),
            9 => format!("split(\";\", \"no;${{{own}}}\")[1]"),
            10 => format!("strrev(strrev({own}))"),
            11 => format!("trimprefix(\"no~${{{own}}}\", \"no~\")"),
            12 if self.flat == 0 => format!("trimspace(<<-EOT\n    {text}\n  EOT\n)"),
            13 if self.flat == 0 => format!("chomp(<<EOT\n${{{own}}}\nEOT\n)"),
            14 => format!("\"%{{ for it in [{own}] ~}} ${{it}}%{{ endfor }}\""),
            15 => format!("substr(\"no${{{own}}}\", 2, -1)"),
            16 => format!("regex(\"^no (.*)$\", \"no ${{{own}}}\")[0]"),
            _ => format!("tostring({own})"),
        }
    }

    /// An address as a part of a larger block.
    fn computed(&mut self, text: &str) -> Option<String> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let octets: Vec<u32> = address
            .split('.')
            .map(|it| it.parse().ok())
            .collect::<Option<_>>()?;
        let [a, b, c, d] = octets[..] else {
            return None;
        };
        let parts = match length {
            Some("24") => [format!("{a}.{b}.0.0/16"), "8".to_owned(), c.to_string()].to_vec(),
            None => [format!("{a}.{b}.{c}.0/24"), d.to_string()].to_vec(),
            Some(_) => return None,
        };
        self.parts
            .entry(text.to_owned())
            .or_default()
            .push(parts.clone());
        let base = self.behind(&Tree::Text(parts[0].clone()));
        Some(match length {
            Some(_) => format!("cidrsubnet({base}, 8, {c})"),
            None => format!("cidrhost({base}, {d})"),
        })
    }

    /// A value behind a name at most.
    pub(super) fn behind(&mut self, value: &Tree) -> String {
        self.whole += 1;
        let flat = std::mem::replace(&mut self.flat, 1);
        let expression = match self.roll(3) {
            0 => self.written(value),
            _ => self.held(value),
        };
        self.flat = flat;
        self.whole -= 1;
        expression
    }

    fn number(&mut self, number: i64) -> String {
        let way = self.roll(8);
        let other = i64::try_from(1 + self.roll(900)).unwrap();
        if way < 3 {
            let (a, b) = match way {
                0 => (number - other, other),
                1 => (number + other, other),
                _ => (2 * number, 2),
            };
            self.parts
                .entry(number.to_string())
                .or_default()
                .push(vec![a.to_string(), b.to_string()]);
            let operator = ["+", "-", "/"][way];
            let (a, b) = (self.behind(&Tree::Number(a)), self.behind(&Tree::Number(b)));
            return format!("({a} {operator} {b})");
        }
        let own = self.behind(&Tree::Number(number));
        match way {
            3 => format!("tonumber(\"{number}\")"),
            4 => format!("parseint(\"{number}\", 10)"),
            5 => format!("max({own}, 1)"),
            6 => format!("floor({own} + 0.5)"),
            _ => format!("-(-{own})"),
        }
    }

    /// A condition and what it comes to.
    pub(super) fn condition(&mut self) -> (String, bool) {
        match self.roll(6) {
            0 => ("true".to_owned(), true),
            1 => ("\"a\" == \"b\"".to_owned(), false),
            2 => (self.held(&Tree::Truth(true)), true),
            3 => (format!("{} && 1 < 2", self.held(&Tree::Truth(true))), true),
            4 => ("contains([\"x\"], \"x\")".to_owned(), true),
            _ => (
                format!("{} || length([]) > 0", self.held(&Tree::Truth(false))),
                false,
            ),
        }
    }

    /// An expression that holds the value itself.
    pub(super) fn written(&mut self, value: &Tree) -> String {
        if let Some(text) = value.scalar()
            && self.hidden.contains(&text)
        {
            let kind = match value {
                Tree::Number(_) => "number",
                _ => "string",
            };
            return self.missing(&text, kind);
        }
        match value {
            Tree::Text(text) => format!("\"{text}\""),
            Tree::Number(number) => number.to_string(),
            Tree::Truth(truth) => truth.to_string(),
            Tree::List(items) => {
                let items: Vec<String> = items.iter().map(|item| self.expression(item)).collect();
                format!("[{}]", items.join(", "))
            }
            Tree::Object(entries) => {
                let sign = ["=", ":"][self.roll(2)];
                let quote = ["", "\""][self.roll(2)];
                let entries: Vec<String> = entries
                    .iter()
                    .map(|(key, value)| {
                        format!("{quote}{key}{quote} {sign} {}", self.expression(value))
                    })
                    .collect();
                format!("{{ {} }}", entries.join(", "))
            }
            Tree::Blocks(_) => {
                let data = value.data();
                self.expression(&data)
            }
            Tree::Link(target) => self.link(target),
        }
    }
}

/// Another value of the kind.
pub(super) fn decoy(value: &Tree) -> &'static str {
    match value {
        Tree::Text(_) | Tree::Link(_) => "\"no\"",
        Tree::Number(_) => "7",
        Tree::Truth(_) => "false",
        Tree::List(_) | Tree::Blocks(_) => "[\"no\"]",
        Tree::Object(_) => "{ no = 1 }",
    }
}

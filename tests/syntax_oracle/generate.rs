//! Configurations made up by chance, in the part of the language that both readers know.

use proptest::prelude::*;

/// A word that is a name and no keyword.
fn name() -> impl Strategy<Value = String> {
    "[a-zé_][a-z0-9_é-]{0,5}".prop_filter("a keyword", |word| {
        ![
            "for", "if", "in", "null", "true", "false", "else", "endif", "endfor",
        ]
        .contains(&word.as_str())
    })
}

fn space() -> impl Strategy<Value = String> {
    prop_oneof![4 => Just(" "), 1 => Just("  "), 1 => Just("\t"), 1 => Just(" /* c */ ")]
        .prop_map(str::to_owned)
}

/// What may stand between the items of a list or the arguments of a call.
fn gap() -> impl Strategy<Value = String> {
    prop_oneof![4 => Just(" "), 2 => Just(""), 1 => Just("\n  "), 1 => Just(" # c\n"), 1 => Just(" // c\n")]
        .prop_map(str::to_owned)
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        (0_u32..70_000).prop_map(|it| it.to_string()),
        any::<u64>().prop_map(|it| it.to_string()),
        "[0-9]{20,24}",
        "[0-9]{1,3}\\.[0-9]{1,6}",
        "[0-9]{1,2}(\\.[0-9]{1,2})?[eE][+-]?[0-9]{1,2}",
        (1_u32..70_000).prop_map(|it| format!("-{it}")),
        (1_u32..70_000).prop_map(|it| format!("- {it}")),
    ]
}

/// The inside of quotes without holes; a sign that opens a hole is doubled.
fn quoted() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ -!#-\\$&-\\[\\]-~]{0,8}".prop_map(|it| it.replace("${", "$${")),
        Just("\\n\\t\\\"\\\\\\r".to_owned()),
        Just("\\u00e9\\U0001F600".to_owned()),
        Just("$${a} %%{b}".to_owned()),
        Just("é \u{1F600} # // /*".to_owned()),
        Just("100% $5".to_owned()),
    ];
    // A sign at the end of one piece must not open a hole with the next.
    prop::collection::vec(piece, 0..3).prop_map(|pieces| pieces.join("."))
}

fn leaf() -> BoxedStrategy<String> {
    prop_oneof![
        1 => Just("null".to_owned()),
        1 => any::<bool>().prop_map(|it| it.to_string()),
        2 => number(),
        3 => quoted().prop_map(|it| format!("\"{it}\"")),
        4 => name(),
        2 => (name(), name()).prop_map(|(one, other)| format!("{one}.{other}")),
    ]
    .boxed()
}

/// An expression that stands on one line, but for what is within brackets.
pub fn expression() -> BoxedStrategy<String> {
    leaf()
        .prop_recursive(5, 40, 4, |inner| {
            prop_oneof![
                list(inner.clone()),
                object(inner.clone()),
                call(inner.clone()),
                (gap(), inner.clone(), gap()).prop_map(|(a, it, b)| format!("({a}{it}{b})")),
                binary(inner.clone()),
                (inner.clone(), inner.clone(), inner.clone(), space())
                    .prop_map(|(a, b, c, gap)| format!("({a}){gap}?{gap}{b}{gap}:{gap}{c}")),
                (prop_oneof!["!", "-", "- "], inner.clone())
                    .prop_map(|(sign, it)| format!("{sign}({it})")),
                accessors(inner.clone()),
                template(inner.clone()),
                for_list(inner.clone()),
                for_object(inner),
            ]
        })
        .boxed()
}

fn list(inner: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    (
        prop::collection::vec((inner, gap()), 0..4),
        gap(),
        any::<bool>(),
    )
        .prop_map(|(items, first, comma)| {
            let last = if comma && !items.is_empty() { "," } else { "" };
            let items: Vec<_> = items.iter().map(|(it, gap)| format!("{it}{gap}")).collect();
            format!("[{first}{}{last}]", items.join(","))
        })
}

fn object(inner: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    let item = (0..4_usize, inner, any::<bool>(), 0..3_usize);
    (prop::collection::vec(item, 0..4), any::<bool>()).prop_map(|(items, open)| {
        let mut text = "{".to_owned();
        if open {
            text.push_str(" # c\n");
        }
        for (at, (key, value, colon, end)) in items.iter().enumerate() {
            let key = match key {
                0 => format!("k{at}"),
                1 => format!("\"k {at}\""),
                2 => format!("(var.k{at})"),
                _ => format!("\"k-${{var.k{at}}}\""),
            };
            let sign = if *colon { ":" } else { "=" };
            let end = [",", "\n", " # c\n"][*end];
            text.push_str(&format!(" {key} {sign} {value}{end}"));
        }
        text.push('}');
        text
    })
}

fn call(inner: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    let word = prop_oneof![4 => name(), 1 => (name(), name(), name())
        .prop_map(|(a, b, c)| format!("{a}::{b}::{c}"))];
    (word, prop::collection::vec((inner, gap()), 0..4), 0..3_u8).prop_map(|(word, args, end)| {
        let end = if args.is_empty() {
            ""
        } else {
            ["", ",", "..."][end as usize]
        };
        let args: Vec<_> = args
            .iter()
            .map(|(arg, gap)| format!("{gap}{arg}"))
            .collect();
        format!("{word}({}{end})", args.join(","))
    })
}

/// Operators without brackets: what binds tighter is the readers' to say.
fn binary(inner: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    let sign = prop::sample::select(vec![
        "||", "&&", "==", "!=", ">", ">=", "<", "<=", "+", "-", "*", "/", "%",
    ]);
    let operand = prop_oneof![2 => leaf(), 1 => inner.prop_map(|it| format!("({it})"))];
    (
        operand.clone(),
        prop::collection::vec((space(), sign, space(), operand), 1..5),
    )
        .prop_map(|(first, rest)| {
            let rest = rest.iter();
            let rest: String = rest
                .map(|(a, sign, b, it)| format!("{a}{sign}{b}{it}"))
                .collect();
            first + &rest
        })
}

fn accessors(inner: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    let base = prop_oneof![
        2 => name(),
        1 => inner.clone().prop_map(|it| format!("({it})")),
        1 => inner.clone().prop_map(|it| format!("f({it})")),
    ];
    let link = prop_oneof![
        4 => name().prop_map(|it| format!(".{it}")),
        2 => inner.prop_map(|it| format!("[{it}]")),
        1 => (0_u8..20).prop_map(|it| format!("[ {it} ]")),
        1 => Just("[*]".to_owned()),
        1 => (0_u8..20, name()).prop_map(|(index, it)| format!(".{index}.{it}")),
    ];
    // A second star that takes attributes only cannot follow the first.
    let star = prop_oneof![4 => Just(String::new()), 1 => name().prop_map(|it| format!(".*.{it}"))];
    (base, star, prop::collection::vec(link, 1..5))
        .prop_map(|(base, star, links)| base + &star + &links.concat())
}

fn template(inner: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    let plain = "[ a-z.#é]{0,6}";
    let piece = prop_oneof![
        2 => quoted(),
        3 => inner.clone().prop_map(|it| format!("${{{it}}}")),
        1 => inner.clone().prop_map(|it| format!("${{ {it} }}")),
        1 => (leaf(), plain, inner.clone())
            .prop_map(|(on, a, b)| format!("%{{ if {on} }}{a}%{{ else }}${{{b}}}%{{ endif }}")),
        1 => (leaf(), plain).prop_map(|(on, a)| format!("%{{if {on}}}{a}%{{endif}}")),
        1 => (name(), name(), leaf(), plain)
            .prop_map(|(k, v, of, a)| format!("%{{ for {k}, {v} in {of} }}{a}%{{ endfor }}")),
        1 => (name(), leaf(), inner)
            .prop_map(|(v, of, a)| format!("%{{ for {v} in {of} }}${{{a}}}%{{ endfor }}")),
    ];
    prop::collection::vec(piece, 1..4).prop_map(|pieces| format!("\"{}\"", pieces.join(".")))
}

fn for_list(inner: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    let names = prop_oneof![
        name(),
        (name(), name()).prop_map(|(k, v)| format!("{k}, {v}"))
    ];
    (names, inner.clone(), inner.clone(), prop::option::of(inner)).prop_map(
        |(names, of, it, on)| {
            let on = on.map_or(String::new(), |on| format!(" if ({on})"));
            format!("[for {names} in ({of}) : ({it}){on}]")
        },
    )
}

fn for_object(inner: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    let parts = (
        inner.clone(),
        inner.clone(),
        inner.clone(),
        prop::option::of(inner),
    );
    (name(), name(), parts, any::<bool>()).prop_map(|(k, v, (of, key, it, on), group)| {
        let on = on.map_or(String::new(), |on| format!(" if ({on})"));
        let dots = if group { "..." } else { "" };
        format!("{{for {k}, {v} in ({of}) : ({key}) => ({it}){dots}{on}}}")
    })
}

fn heredoc() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        3 => "[ -#&-~]{0,10}".prop_filter("a hole", |it| !it.contains("${")),
        1 => Just("é \"quoted\" \\n $${a} # no".to_owned()),
        1 => name().prop_map(|it| format!("a ${{{it}}} b")),
        1 => Just("  deeper".to_owned()),
    ];
    (any::<bool>(), prop::collection::vec(line, 0..5), 0..4_usize).prop_map(|(dash, lines, by)| {
        let (dash, margin) = if dash {
            ("-", " ".repeat(by))
        } else {
            ("", String::new())
        };
        let lines: String = lines
            .iter()
            .filter(|line| !line.trim().is_empty())
            // In lines that it moves, `hcl-rs` counts what follows a hole as a margin.
            .filter(|line| dash.is_empty() || !line.starts_with("a ${"))
            .map(|line| format!("{margin}{line}\n"))
            .collect();
        format!("<<{dash}END_1\n{margin}first\n{lines}{margin}END_1")
    })
}

/// A file; its lines end as on one system or the other.
pub fn file() -> impl Strategy<Value = String> {
    let value = prop_oneof![6 => expression(), 1 => heredoc()];
    let attribute = (space(), value, 0..3_usize).prop_map(|(gap, value, end)| {
        let end = if value.starts_with("<<") {
            ""
        } else {
            ["", " # c", " // c"][end]
        };
        Item::Attribute(format!("{gap}={gap}{value}{end}\n"))
    });
    let label = prop_oneof![name(), quoted().prop_map(|it| format!("\"{it}\""))];
    let labels = prop::collection::vec(label, 0..3).prop_map(|labels| labels.join(" "));
    let leaf = prop_oneof![
        4 => attribute,
        1 => (name(), labels.clone(), prop::option::of(leaf())).prop_map(|(kind, labels, value)| {
            let value = value.map_or(String::new(), |value| format!(" only = {value} "));
            Item::Block(format!("{kind} {labels} {{{value}}}\n"))
        }),
        1 => Just(Item::Block("# alone\n\n/* and\n this */\n".to_owned())),
    ];
    let item = leaf.prop_recursive(3, 20, 4, move |inner| {
        (name(), labels.clone(), prop::collection::vec(inner, 0..4)).prop_map(
            |(kind, labels, items)| {
                Item::Block(format!("{kind} {labels} {{ # c\n{}}}\n", written(&items)))
            },
        )
    });
    (prop::collection::vec(item, 1..5), any::<bool>()).prop_map(|(items, windows)| {
        let text = written(&items);
        // Of lines that it moves to the left, `hcl-rs` changes how they end.
        if windows && !text.contains("<<-") {
            text.replace('\n', "\r\n")
        } else {
            text
        }
    })
}

#[derive(Clone, Debug)]
enum Item {
    /// All but the name, which is given by position so that none is given twice.
    Attribute(String),
    Block(String),
}

fn written(items: &[Item]) -> String {
    let items = items.iter().enumerate().map(|(at, item)| match item {
        Item::Attribute(rest) => format!("a{at}{rest}"),
        Item::Block(text) => text.clone(),
    });
    items.collect()
}

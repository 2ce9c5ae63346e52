//! Inputs made to hurt: each ends soon, with a diagnostic, on a small stack.

use super::*;

/// Evaluates on a stack smaller than that of a worker thread.
fn on_a_small_stack(texts: Vec<(String, String)>) -> Vec<(&'static str, usize)> {
    std::thread::Builder::new()
        .stack_size(1536 << 10)
        .spawn(move || {
            let texts: Vec<(&str, &str)> = texts
                .iter()
                .map(|(path, text)| (path.as_str(), text.as_str()))
                .collect();
            let deployment = Files::new(&texts).deployment();
            let count = deployment.resources.len();
            deployment
                .diagnostics
                .iter()
                .map(|diagnostic| (diagnostic.code, count))
                .collect()
        })
        .unwrap()
        .join()
        .expect("no overflow")
}

fn main_tf(text: String) -> Vec<(String, String)> {
    vec![("main.tf".to_owned(), text)]
}

#[test]
fn a_million_instances_are_one_of_many() {
    let told = on_a_small_stack(main_tf(
        "resource \"azurerm_x\" \"x\" {\n  count = 1000000\n}\n\
         resource \"azurerm_x\" \"y\" {\n  count = 100000000000\n}\n"
            .to_owned(),
    ));
    assert_eq!(told, [("instance-limit", 2), ("instance-limit", 2)]);
}

#[test]
fn a_long_chain_of_locals_ends_without_an_overflow() {
    let mut text = "locals {\n  a0 = 1\n".to_owned();
    for index in 1..2_000 {
        text.push_str(&format!("  a{index} = \"${{local.a{}}}x\"\n", index - 1));
    }
    text.push_str("}\nresource \"azurerm_x\" \"x\" {\n  a = local.a1999\n}\n");
    let told = on_a_small_stack(main_tf(text));
    assert!(
        told.iter().all(|(code, _)| *code == "nesting-limit"),
        "{told:?}"
    );
    assert!(!told.is_empty());
}

#[test]
fn a_chain_of_modules_through_arguments_ends_without_an_overflow() {
    let mut texts = main_tf("module \"m\" {\n  source = \"./m0\"\n  v = 1\n}\n".to_owned());
    for index in 0..40 {
        texts.push((
            format!("m{index}/main.tf"),
            format!(
                "variable \"v\" {{}}\nlocals {{\n  v = [[[[var.v]]]]\n}}\nmodule \"m\" {{\n  source = \"../m{}\"\n  v = local.v\n}}\n\
                 resource \"azurerm_x\" \"x\" {{\n  v = local.v\n}}\noutput \"o\" {{\n  value = module.m.o\n}}\n",
                index + 1
            ),
        ));
    }
    texts.push((
        "m40/main.tf".to_owned(),
        "output \"o\" {\n  value = 1\n}\n".to_owned(),
    ));
    let told = on_a_small_stack(texts);
    assert!(
        told.iter().any(|(code, _)| *code == "module-limit"),
        "{told:?}"
    );
}

#[test]
fn long_chains_through_every_kind_of_expression_end_without_an_overflow() {
    let before = |index: usize| index - 1;
    let mut text =
        "locals {\n  a0 = 1\n}\nresource \"azurerm_x\" \"r0\" {\n  n = 1\n}\n".to_owned();
    for index in 1..400 {
        let local = format!("local.a{}", before(index));
        text.push_str(&format!(
            "locals {{\n  a{index} = true ? try(merge({{}}, {{ for k in [{local}] : \"k\" => [for x in [{local}] : \"${{x}}\"][0] }})[\"k\"], !{local}) : 1\n}}\n"
        ));
        text.push_str(&format!(
            "resource \"azurerm_x\" \"r{index}\" {{\n  block {{\n    dynamic \"inner\" {{\n      for_each = [azurerm_x.r{}.block[*].inner]\n      content {{\n        n = inner.value\n      }}\n    }}\n  }}\n}}\n",
            before(index)
        ));
    }
    text.push_str(
        "resource \"azurerm_x\" \"x\" {\n  a = local.a399\n  b = azurerm_x.r399.block\n}\n",
    );
    // The last ones are asked for first, so that the chains are walked at once.
    let (head, tail) = text.split_at(text.rfind("resource").unwrap());
    let told = on_a_small_stack(main_tf(format!("{tail}{head}")));
    assert!(
        told.iter().any(|(code, _)| code.ends_with("-limit")),
        "{told:?}"
    );
}

#[test]
fn a_long_chain_of_unknowns_is_dropped_without_an_overflow() {
    let mut text =
        "variable \"x\" {}\nresource \"azurerm_x\" \"r0\" {\n  n = var.x\n}\n".to_owned();
    for index in 1..5_000 {
        let before = index - 1;
        text.push_str(&format!(
            "resource \"azurerm_x\" \"r{index}\" {{\n  n = upper(azurerm_x.r{before}.n)\n}}\n"
        ));
    }
    assert!(on_a_small_stack(main_tf(text)).is_empty());
}

#[test]
fn doubling_values_end_at_a_limit() {
    let mut text = "locals {\n  s0 = \"0123456789\"\n  l0 = [1]\n".to_owned();
    for index in 1..40 {
        let before = index - 1;
        text.push_str(&format!(
            "  s{index} = \"${{local.s{before}}}${{local.s{before}}}\"\n"
        ));
        text.push_str(&format!(
            "  l{index} = [local.l{before}, local.l{before}]\n"
        ));
    }
    text.push_str(
        "}\nresource \"azurerm_x\" \"x\" {\n  s = local.s39\n  l = jsonencode(local.l39)\n}\n",
    );
    let told = on_a_small_stack(main_tf(text));
    assert!(
        told.iter().all(|(code, _)| code.ends_with("-limit")),
        "{told:?}"
    );
    assert!(!told.is_empty());
}

#[test]
fn loops_in_loops_of_modules_end_at_a_limit() {
    let call = |to: usize| format!("module \"m\" {{\n  source = \"../m{to}\"\n  count = 100\n}}\n");
    let mut texts = main_tf("module \"m\" {\n  source = \"./m1\"\n  count = 100\n}\n".to_owned());
    for index in 1..5 {
        texts.push((format!("m{index}/main.tf"), call(index + 1)));
    }
    texts.push((
        "m5/main.tf".to_owned(),
        "resource \"azurerm_x\" \"x\" {}\n".to_owned(),
    ));
    let told = on_a_small_stack(texts);
    assert!(
        told.iter().any(|(code, _)| *code == "instance-limit"),
        "{told:?}"
    );
}

#[test]
fn strings_that_double_end_soon_whether_known_or_not() {
    for (leaf, doubled) in [
        ("x", "\"${local.NEXT}${local.NEXT}\""),
        ("${var.x}", "\"${local.NEXT}${local.NEXT}\""),
        ("${var.x}", "join(\"-\", [local.NEXT, local.NEXT])"),
        ("${var.x}", "format(\"%s-%s\", local.NEXT, local.NEXT)"),
        (
            "${var.x}",
            "replace(\"${local.NEXT}${local.NEXT}\", \"a\", \"b\")",
        ),
    ] {
        let mut text = "variable \"x\" {}\nlocals {\n".to_owned();
        for index in 0..60 {
            let value = doubled.replace("NEXT", &format!("a{}", index + 1));
            text.push_str(&format!("  a{index} = {value}\n"));
        }
        text.push_str(&format!(
            "  a60 = \"{leaf}\"\n}}\nresource \"azurerm_x\" \"x\" {{\n  a = local.a0\n}}\n"
        ));
        let told = on_a_small_stack(main_tf(text));
        assert!(
            !told.is_empty() && told.iter().all(|(code, _)| code.ends_with("-limit")),
            "{doubled}: {told:?}"
        );
    }
}

/// What is refused before it is made: none of these fits any memory.
#[test]
fn products_and_replacements_are_refused_before_they_are_made() {
    let pairs = vec!["[1, 2]"; 60].join(", ");
    let digits = "9".repeat(50_000);
    let letters = "a".repeat(60_000);
    for call in [
        format!("setproduct({pairs})"),
        "setproduct(range(1000), range(1000), range(1000))".to_owned(),
        format!("replace(\"{letters}\", \"\", \"{letters}\")"),
        format!("replace(\"{letters}\", \"/a/\", \"{letters}\")"),
        format!("parseint(\"{digits}\", 10)"),
    ] {
        let text = format!("resource \"azurerm_x\" \"x\" {{\n  a = {call}\n}}\n");
        let told = on_a_small_stack(main_tf(text));
        assert_eq!(told, [("value-limit", 1)], "{}", &call[..20]);
    }
    let empty = "resource \"azurerm_x\" \"x\" {\n  a = length(setproduct(range(1000), range(1000), [])) == 0 ? [] : file(1, 2)\n}\n";
    assert_eq!(on_a_small_stack(main_tf(empty.to_owned())), []);
}

#[test]
fn a_costly_block_leaves_steps_for_the_others() {
    let hungry =
        "length([for a in range(1000) : [for b in range(1000) : [for c in range(100) : c]]])";
    let text = format!(
        "resource \"azurerm_x\" \"x\" {{\n  a = {hungry}\n}}\n\
         resource \"azurerm_x\" \"y\" {{\n  a = {hungry}\n}}\n\
         output \"o\" {{\n  value = {hungry}\n}}\n\
         resource \"azurerm_x\" \"z\" {{\n  a = [for a in range(1000) : a * 2][999]\n}}\n"
    );
    let deployment = Files::new(&[("main.tf", &text)]).deployment();
    let codes: Vec<_> = deployment
        .diagnostics
        .iter()
        .map(|told| told.code)
        .collect();
    assert_eq!(codes, ["evaluation-limit"; 3]);
    let z = deployment.resources.last().unwrap().body.get("a").unwrap();
    assert_eq!(z.as_i64(), Some(1_998));
}

#[test]
fn a_message_quotes_only_the_ends_of_a_long_value() {
    let letters = "é".repeat(50_000);
    let text = format!(
        "resource \"azurerm_x\" \"x\" {{\n  a = parseint(\"{}\", 10)\n}}\n",
        &letters[..4_000]
    );
    let deployment = Files::new(&[("main.tf", &text)]).deployment();
    let [told] = deployment.diagnostics.as_slice() else {
        panic!("{:?}", deployment.diagnostics)
    };
    assert!(
        told.message.starts_with("parseint: \"éé"),
        "{}",
        told.message
    );
    assert!(told.message.contains("é … é"), "{}", told.message);
    assert!(
        told.message.ends_with("\" is no number of base 10"),
        "{}",
        told.message
    );
    assert!(told.message.len() < 500);
}

#[test]
fn modules_that_call_two_modules_each_end_at_a_limit() {
    let call = |name: &str, to: &str| format!("module \"{name}\" {{\n  source = \"{to}\"\n}}\n");
    let mut texts = main_tf(call("a", "./m0"));
    for index in 0..20 {
        let next = format!("../m{}", index + 1);
        let text = call("a", &next) + &call("b", &next);
        texts.push((format!("m{index}/main.tf"), text));
    }
    let leaf = "resource \"azurerm_x\" \"x\" {}\n".to_owned();
    texts.push(("m20/main.tf".to_owned(), leaf));
    let told = on_a_small_stack(texts);
    assert!(!told.is_empty());
    for (code, resources) in told {
        assert_eq!(code, "module-limit");
        assert!((2_000..5_000).contains(&resources), "{resources}");
    }
}

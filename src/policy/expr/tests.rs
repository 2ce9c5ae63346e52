use std::collections::BTreeMap;

use super::*;
use crate::eval::Deployment;
use crate::eval::value::{Reason, Truth, Unknown};
use crate::model::Network;
use crate::model::platform::PlatformFacts;
use crate::origin::OriginRange;
use crate::policy::datum::{Data, Datum, Item};
use crate::policy::settings::Settings;
use crate::policy::spec::{ExprSource, Reader};
use crate::policy::vocabulary::{self, World};
use crate::source::{FileId, SourceFile};

fn unknown(name: &str) -> Datum {
    Datum::unknown(Arc::new(Unknown::new("", name, Reason::NoValue)))
}

fn list(items: Vec<Datum>, open: bool) -> Datum {
    let rest = open.then(|| Arc::new(Unknown::new("", "rest", Reason::Outside)));
    Datum::list(items.into_iter().map(Item::certain).collect(), rest)
}

/// Evaluates a predicate over `u` (unknown), `n` (a number), `closed` and `open` lists of numbers,
/// and `maybe`, a list whose only item may not be there.
fn ask(text: &str) -> (Truth, Vec<String>) {
    let file = SourceFile::new("x", text);
    let mut reader = Reader::new(&file);
    let at = Span::new(FileId(0), 0, u32::try_from(text.len()).unwrap());
    let source = ExprSource::parse(text, at, at, &mut reader).unwrap();
    let mut names = Names::new(Vec::new());
    let any = Ty::ANY;
    let numbers = Ty::List(vocabulary::Item::Number);
    for (name, ty) in [
        ("u", any),
        ("n", Ty::NUMBER),
        ("closed", numbers),
        ("open", numbers),
        ("maybe", numbers),
    ] {
        names.bind(name, ty);
    }
    let mut compiler = Compiler {
        reader: &mut reader,
        names,
    };
    let compiled = compiler.predicate(&source);
    let compiled = compiled.unwrap_or_else(|| panic!("{:?}", reader.diagnostics));
    let deployment = Deployment {
        name: "d".into(),
        environment: None,
        directory: "".into(),
        files: vec![FileId(0)],
        resources: Vec::new(),
        outputs: Vec::new(),
        origins: Arc::default(),
        own_origins: OriginRange::ALL,
        diagnostics: Vec::new(),
        complete: false,
        provider: crate::eval::terraform::schema::Versions::ALL,
        generator: None,
        absent: Vec::new(),
        handover: Default::default(),
    };
    let (network, facts) = (Network::default(), PlatformFacts::default());
    let settings = Settings::default();
    let world = World::new(&deployment, &network, &facts, &settings);
    let number = |n| Datum::constant(Data::Number(n));
    let mut maybe = Item::certain(number(1));
    maybe.present = Truth::Unknown;
    maybe.because = Some(Arc::new(Unknown::new("", "var.count", Reason::NoValue)));
    let slots = vec![
        unknown("var.u"),
        number(5),
        list(vec![number(1), number(2)], false),
        list(vec![number(1), number(2)], true),
        Datum::list(vec![maybe], None),
    ];
    let parameters = BTreeMap::new();
    let (truth, trace) = Evaluation::new(&world, &parameters, slots).truth(&compiled);
    let unknowns = trace.unknowns.iter().map(|u| u.label.to_string()).collect();
    (truth, unknowns)
}

#[test]
fn unknown_is_absorbed_where_it_does_not_matter() {
    use Truth::{False, True, Unknown};
    for (text, wanted) in [
        ("u && false", False),
        ("false && u", False),
        ("u && true", Unknown),
        ("u || true", True),
        ("u || false", Unknown),
        ("!u", Unknown),
        ("u == u", True),
        ("u == 3", Unknown),
        ("u ? true : true", True),
        ("u ? true : false", Unknown),
        ("n == 5 && n < 6 && n >= 5", True),
        ("n + 1 > 6", False),
        ("null == null", True),
    ] {
        assert_eq!(ask(text).0, wanted, "{text}");
    }
}

#[test]
fn open_lists_answer_only_what_their_known_half_decides() {
    use Truth::{False, True, Unknown};
    for (text, wanted) in [
        ("anytrue([for x in open : x == 1])", True),
        ("anytrue([for x in open : x == 3])", Unknown),
        ("anytrue([for x in closed : x == 3])", False),
        ("alltrue([for x in open : x == 1])", False),
        ("alltrue([for x in open : x > 0])", Unknown),
        ("alltrue([for x in closed : x > 0])", True),
        ("length(closed) == 2", True),
        ("length(open) == 2", Unknown),
        ("length(open) >= 2", True),
        ("length(open) == 1 || length(open) < 2", Unknown),
        ("length(known(open)) == 2", True),
        ("contains(open, 1)", True),
        ("contains(open, 9)", Unknown),
        ("contains(closed, 9)", False),
        ("contains([for x in closed : x + 1 if x > 1], 3)", True),
    ] {
        assert_eq!(ask(text).0, wanted, "{text}");
    }
}

#[test]
fn items_that_may_not_be_there_count_as_such() {
    use Truth::{True, Unknown};
    assert_eq!(ask("anytrue([for x in maybe : x == 1])").0, Unknown);
    assert_eq!(ask("anytrue([for x in maybe : x == 2])").0, Truth::False);
    assert_eq!(ask("alltrue([for x in maybe : x == 1])").0, True);
    assert_eq!(ask("alltrue([for x in maybe : x == 2])").0, Unknown);
    assert_eq!(ask("length(maybe) <= 1").0, True);
    assert_eq!(ask("length(maybe) == 1").0, Unknown);
}

#[test]
fn only_unknowns_that_keep_the_answer_open_are_named() {
    assert_eq!(ask("u == 1 || n == 5").1, Vec::<String>::new());
    assert_eq!(ask("(u == 1 && n == 6) || contains(open, 9)").1, ["rest"]);
    assert_eq!(ask("u == 1").1, ["var.u"]);
    let (truth, unknowns) = ask("undetermined(\"the rules of the appliance\")");
    assert_eq!(truth, Truth::Unknown);
    assert_eq!(unknowns, ["the rules of the appliance"]);
}

#[test]
fn plain_functions_of_terraform_are_known() {
    assert_eq!(ask("startswith(lower(\"ABC\"), \"ab\")").0, Truth::True);
    assert_eq!(
        ask("tonumber(split(\"/\", \"10.0.0.0/16\")[1]) >= 16").0,
        Truth::True
    );
    assert_eq!(ask("max(n, 7) == 7").0, Truth::True);
}

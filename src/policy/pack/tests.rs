use super::*;

const HEAD: &str = "id: a-rule\ntitle: T\ncategory: hygiene\nsince: 0.1.0\nseverity: warning\n";
const TAIL: &str = "message: M\nwhy: W\nfix: F\nreferences: []\n";

/// Loads a rule made of a clause, and gives the messages with the text they point at.
fn load(clause: &str) -> (Pack, Vec<(String, String, Option<String>)>) {
    load_text(&format!("{HEAD}{clause}{TAIL}"))
}

fn load_text(text: &str) -> (Pack, Vec<(String, String, Option<String>)>) {
    let file = Arc::new(SourceFile::new("rules/a-rule.yaml", text));
    let (pack, diagnostics) = Pack::load(&[(FileId(0), Arc::clone(&file))]);
    let told = diagnostics
        .into_iter()
        .map(|diagnostic| {
            let span = diagnostic.primary.map(|label| label.span);
            let at = span.map(|span| file.slice(span).to_owned());
            (diagnostic.message, at.unwrap_or_default(), diagnostic.help)
        })
        .collect();
    (pack, told)
}

fn told(clause: &str) -> (String, String, Option<String>) {
    let (pack, told) = load(clause);
    assert!(pack.rules().is_empty());
    assert_eq!(told.len(), 1, "{told:?}");
    told.into_iter().next().unwrap()
}

#[test]
fn a_whole_rule_loads() {
    let (pack, told) = load(
        "parameters: {addresses: 256}\nsubject: network-security-group\n\
         where: '!endswith(subject.name, \"-lab\")'\nforbid:\n  flows: {from: Internet, \
         protocol: Tcp, ports: [22, 3389], wider-than: \"${parameters.addresses}\"}\n  \
         verdict: allowed\nnotes: ['`{decider.name}` lets {witness} in']\n",
    );
    assert_eq!(told, Vec::new());
    assert_eq!(&**pack.rules()[0].id(), "a-rule");
}

#[test]
fn a_misspelt_key_is_told_with_the_key_that_was_meant() {
    let (message, at, help) =
        told("subject: subnet\nwher: subject.name == \"a\"\nassert: 'true'\n");
    assert_eq!(at, "wher");
    assert!(message.contains("`wher`"));
    assert_eq!(help.as_deref(), Some("did you mean `where`?"));
}

#[test]
fn a_misspelt_field_is_told_at_its_place() {
    let (message, at, help) = told("subject: subnet\nassert: subject.adress_prefixes != null\n");
    assert_eq!(at, "adress_prefixes");
    assert!(message.contains("field of a subnet"));
    assert_eq!(help.as_deref(), Some("did you mean `address_prefixes`?"));
}

#[test]
fn places_hold_in_block_scalars_and_quotes() {
    let (_, at, _) =
        told("subject: subnet\nassert: |\n  subject.name == \"a\"\n    || subject.nam == \"b\"\n");
    assert_eq!(at, "nam");
    let (_, at, _) = told("subject: subnet\nassert: '!(subject.nam == \"b\")'\n");
    assert_eq!(at, "nam");
}

#[test]
fn a_bare_field_is_answered_with_the_subject() {
    let (_, at, help) = told("subject: security-rule\nassert: access == \"Deny\"\n");
    assert_eq!(at, "access");
    assert_eq!(help.as_deref(), Some("did you mean `subject.access`?"));
}

#[test]
fn a_word_that_a_field_never_has_is_an_error() {
    let (message, at, help) =
        told("subject: security-rule\nassert: subject.direction == \"Outbund\"\n");
    assert_eq!(at, "\"Outbund\"");
    assert!(message.contains("Outbund"));
    assert_eq!(help.as_deref(), Some("did you mean `Outbound`?"));
}

#[test]
fn types_are_checked() {
    let (message, at, _) = told("subject: security-rule\nassert: subject.priority\n");
    assert_eq!(at, "subject.priority");
    assert!(message.contains("true or false"), "{message}");
    let (message, _, _) = told("subject: security-rule\nassert: subject.priority == \"Allow\"\n");
    assert!(message.contains("never equals"), "{message}");
    let (message, at, _) = told("subject: security-rule\nassert: anytrue(subject.name)\n");
    assert_eq!(at, "subject.name");
    assert!(message.contains("a list is expected"), "{message}");
}

#[test]
fn what_yaml_swallowed_is_told() {
    let (message, _, help) = told("subject: subnet\nassert: !subject.default_outbound_access\n");
    assert!(message.contains("a tag"), "{message}");
    assert!(help.unwrap().contains("quotes"));
    let (message, _, _) = told("subject: subnet\nassert: 'true'\nwhere: [subject.name]\n");
    assert!(message.contains("a list"), "{message}");
}

#[test]
fn subjects_verdicts_and_flows_are_checked() {
    let (_, at, help) = told("subject: security-rul\nassert: 'true'\n");
    assert_eq!(at, "security-rul");
    assert_eq!(help.as_deref(), Some("did you mean `security-rule`?"));
    let (message, _, _) = told("subject: probe\nforbid: {verdict: allowed}\n");
    assert!(message.contains("name with `of`"), "{message}");
    let (_, at, help) =
        told("subject: security-rule\nforbid: {flows: {to: Interne}, verdict: decided}\n");
    assert_eq!(at, "Interne");
    assert_eq!(help.as_deref(), Some("did you mean `Internet`?"));
    let (_, at, _) =
        told("subject: security-rule\nforbid: {flows: {ports: 70000}, verdict: decided}\n");
    assert_eq!(at, "70000");
}

#[test]
fn texts_are_checked_too() {
    let text = format!("{HEAD}subject: subnet\nassert: 'true'\n{TAIL}")
        .replace("message: M", "message: 'about {subject.nam}'");
    let (_, told) = load_text(&text);
    assert_eq!(told[0].1, "nam");
    let text = format!("{HEAD}subject: subnet\nassert: 'true'\n{TAIL}")
        .replace("message: M", "message: 'a {brace'");
    let (_, told) = load_text(&text);
    assert!(told[0].0.contains("brace"), "{told:?}");
}

#[test]
fn one_clause_has_one_body_and_one_id_one_rule() {
    let (message, at, _) = told("subject: subnet\nassert: 'true'\nrequire: {verdict: allowed}\n");
    assert_eq!(at, "require");
    assert!(message.contains("one clause"), "{message}");
    let text = format!("{HEAD}subject: subnet\nassert: 'true'\n{TAIL}");
    let file = Arc::new(SourceFile::new("a.yaml", &text));
    let files = [(FileId(0), Arc::clone(&file)), (FileId(1), file)];
    let (pack, diagnostics) = Pack::load(&files);
    assert_eq!(pack.rules().len(), 1);
    assert!(diagnostics[0].message.contains("another rule"));
}

#[test]
fn missing_keys_are_named() {
    let (_, told) = load_text("id: a\ntitle: T\nsubject: subnet\nassert: 'true'\n");
    let messages: Vec<&str> = told.iter().map(|(message, ..)| &**message).collect();
    for key in [
        "category",
        "since",
        "severity",
        "why",
        "fix",
        "message",
        "references",
    ] {
        let wanted = format!("`{key}` is missing");
        assert!(messages.contains(&&*wanted), "{key}: {messages:?}");
    }
}

/// Every rule file of the repository.
#[expect(
    clippy::disallowed_methods,
    reason = "the test reads the files that the build has stored"
)]
fn rule_files() -> Vec<(FileId, Arc<SourceFile>)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for category in std::fs::read_dir(root.join("rules")).unwrap() {
        let category = category.unwrap().path();
        if category.is_dir() && !category.ends_with("platform") {
            let files = std::fs::read_dir(category).unwrap();
            paths.extend(files.map(|file| file.unwrap().path()));
        }
    }
    paths.sort();
    let read = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let path = path.strip_prefix(root).unwrap();
        Arc::new(SourceFile::new(path.to_str().unwrap(), &text))
    };
    (0..).map(FileId).zip(paths.into_iter().map(read)).collect()
}

#[test]
fn the_built_in_rules_pass_every_check() {
    let files = rule_files();
    let (pack, diagnostics) = Pack::load(&files);
    let told = diagnostics.iter().map(|diagnostic| {
        let span = diagnostic.primary.as_ref().unwrap().span;
        let (_, file) = &files[span.file.0 as usize];
        let line = file.text()[..span.start as usize].matches('\n').count() + 1;
        let (path, message) = (file.path(), &diagnostic.message);
        format!("{path}:{line}: {message} {:?}", diagnostic.help)
    });
    assert_eq!(told.collect::<Vec<_>>(), Vec::<String>::new());
    assert_eq!(pack.rules().len(), files.len());
}

#[test]
fn the_built_in_rules_are_stored_as_they_are_written() {
    let trees: Yaml = serde_json::from_str(RULES).unwrap();
    let trees = trees.entries().unwrap();
    let files = rule_files();
    assert_eq!(trees.len(), files.len());
    for (stored, (id, file)) in trees.iter().zip(&files) {
        assert_eq!(stored.key, *file.path());
        let mut written = yaml::parse(*id, file).tree.unwrap();
        if let YamlKind::Map(entries) = &mut written.kind {
            entries.retain(|entry| &*entry.key != "examples");
        }
        assert!(stored.value.same_values(&written), "{}", stored.key);
    }
    let pack = Pack::builtin().unwrap_or_else(|wrong| panic!("{wrong:#?}"));
    assert_eq!(pack.rules().len(), files.len());
}

#[test]
fn every_part_of_a_stored_rule_compiles_when_it_is_asked_for() {
    let pack = Pack::builtin().unwrap_or_else(|wrong| panic!("{wrong:#?}"));
    for rule in pack.rules() {
        assert_eq!(rule.clauses.len(), rule.spec.clauses.len());
        for clause in &rule.clauses {
            assert!(clause.scope().is_some(), "{}", rule.id());
            assert!(clause.demand().is_some(), "{}", rule.id());
            assert!(clause.speech().is_some(), "{}", rule.id());
        }
    }
}

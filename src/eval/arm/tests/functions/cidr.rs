use super::{check, evaluated, show, unknown};
use crate::eval::value::Bounds;

#[test]
fn ranges_are_parsed_and_cut_in_both_families() {
    check(&[
        ("cidrSubnet('10.144.0.0/20', 24, 1)", r#""10.144.1.0/24""#),
        ("cidrSubnet('10.144.0.0/20', 20, 0)", r#""10.144.0.0/20""#),
        ("cidrSubnet('10.144.7.9/20', 24, 15)", r#""10.144.15.0/24""#),
        (
            "cidrSubnet('fdad:3236:5555::/48', 52, 4)",
            r#""fdad:3236:5555:4000::/52""#,
        ),
        ("cidrSubnet('2001:db8::/32', 48, 2)", r#""2001:db8:2::/48""#),
        ("cidrHost('10.144.3.0/24', 0)", r#""10.144.3.1""#),
        ("cidrHost('10.144.3.0/24', 253)", r#""10.144.3.254""#),
        ("cidrHost('10.144.3.0/30', 1)", r#""10.144.3.2""#),
        (
            "cidrHost('fdad:3236:5555:3000::/52', 0)",
            r#""fdad:3236:5555:3000::1""#,
        ),
        ("cidrHost('10.0.0.9/32', 0)", r#""10.0.0.9""#),
        (
            "parseCidr('10.144.5.1/20')",
            r#"{"network":"10.144.0.0","netmask":"255.255.240.0","broadcast":"10.144.15.255","firstUsable":"10.144.0.1","lastUsable":"10.144.15.254","cidr":20}"#,
        ),
        (
            "parseCidr('fdad:3236:5555::/48')",
            r#"{"network":"fdad:3236:5555::","netmask":"ffff:ffff:ffff::","firstUsable":"fdad:3236:5555::","lastUsable":"fdad:3236:5555:ffff:ffff:ffff:ffff:ffff","cidr":48}"#,
        ),
        (
            "parseCidr('10.0.0.9/32')",
            r#"{"network":"10.0.0.9","netmask":"255.255.255.255","broadcast":"10.0.0.9","firstUsable":"10.0.0.9","lastUsable":"10.0.0.9","cidr":32}"#,
        ),
        ("parseCidr('10.0.0.8/30').lastUsable", r#""10.0.0.10""#),
    ]);
}

#[test]
fn what_a_range_does_not_have_is_told() {
    for (expression, part) in [
        (
            "cidrSubnet('10.0.0.0/24', 16, 0)",
            "between 24 and 32, not 16",
        ),
        (
            "cidrSubnet('10.0.0.0/24', 33, 0)",
            "between 24 and 32, not 33",
        ),
        (
            "cidrSubnet('10.0.0.0/24', 26, 4)",
            "no subnet /26 of number 4",
        ),
        (
            "cidrSubnet('10.0.0.0/24', 26, -1)",
            "no subnet /26 of number -1",
        ),
        ("cidrHost('10.0.0.0/24', 254)", "no host number 254"),
        ("cidrHost('10.0.0.0/24', -1)", "no host number -1"),
        ("cidrHost('::/0', 9223372036854775807)", "no host number"),
        ("parseCidr('10.0.0.0')", "no address range"),
        ("parseCidr('10.0.0.0/33')", "no address range"),
    ] {
        let (_, messages) = evaluated("", expression);
        assert!(
            matches!(messages.as_slice(), [only] if only.contains(part)),
            "{expression}: {messages:?}"
        );
    }
}

#[test]
fn a_subnet_of_an_unknown_number_is_one_of_those_there_are() {
    let declared = r#""parameters": { "i": { "type": "int" } },"#;
    let (value, messages) = evaluated(declared, "cidrSubnet('10.0.0.0/24', 25, parameters('i'))");
    assert!(messages.is_empty(), "{messages:?}");
    let Bounds::OneOf(values) = &unknown(&value).bounds else {
        panic!("{}", show(&value));
    };
    let texts: Vec<String> = values.iter().map(show).collect();
    assert_eq!(texts, [r#""10.0.0.0/25""#, r#""10.0.0.128/25""#]);
}

use super::check;

#[test]
fn functions_on_numbers_booleans_and_addresses_give_what_azure_documents() {
    check(&[
        ("add(5, 3)", "8"),
        ("sub(7, 3)", "4"),
        ("mul(5, 3)", "15"),
        ("div(8, 3)", "2"),
        ("mod(7, 3)", "1"),
        ("int('4')", "4"),
        ("bool('TRUE')", "true"),
        ("and(true(), false())", "false"),
        ("or(false(), true())", "true"),
        ("not(equals(1, 1))", "false"),
        ("equals('a', 'A')", "false"),
        ("less(1, 2)", "true"),
        ("lessOrEquals('b', 'a')", "false"),
        ("greater('b', 'a')", "true"),
        ("greaterOrEquals(2, 2)", "true"),
        ("if(equals('a', 'a'), 'yes', int('no'))", r#""yes""#),
        ("cidrSubnet('10.144.0.0/20', 24, 1)", r#""10.144.1.0/24""#),
        ("cidrSubnet('2001:db8::/32', 48, 2)", r#""2001:db8:2::/48""#),
        ("cidrHost('10.144.3.0/24', 0)", r#""10.144.3.1""#),
        (
            "parseCidr('10.144.5.1/20')",
            r#"{"network":"10.144.0.0","netmask":"255.255.240.0","broadcast":"10.144.15.255","firstUsable":"10.144.0.1","lastUsable":"10.144.15.254","cidr":20}"#,
        ),
    ]);
}

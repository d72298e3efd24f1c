//! Tests of the netrc parser.

use proptest::prelude::*;

use crate::auth::netrc::{Netrc, SyntaxError};

/// The machines with their passwords, or `None` for a malformed file.
type Expected = Option<&'static [(&'static str, &'static str)]>;

/// Results of the `netrc` module of Python 3.11.
#[rustfmt::skip]
const PYTHON: &[(&str, Expected)] = &[
    ("machine h login l password p\n", Some(&[("h", "p")])),
    ("machine h\n  login l\n  password p\nmachine g password q", Some(&[("g", "q"), ("h", "p")])),
    ("default login l password p", Some(&[("default", "p")])),
    ("machine h password \"a b\\\"c\"", Some(&[("h", "a b\"c")])),
    ("machine h password a\\ b", Some(&[("h", "a b")])),
    ("machine h password a#b", Some(&[("h", "a#b")])),
    ("machine h password #a", Some(&[("h", "#a")])),
    ("# c\nmachine h password p", Some(&[("h", "p")])),
    ("#\nmachine h password p", Some(&[("h", "p")])),
    ("#c\nmachine h password p", Some(&[("h", "p")])),
    ("machine h # c\npassword p", Some(&[("h", "p")])),
    ("machine h #c d\npassword p", Some(&[("h", "p")])),
    ("machine h password p # c d\nmachine g password q", Some(&[("g", "q"), ("h", "p")])),
    ("machine h password p\n\n#c\nmachine g password q", Some(&[("g", "q"), ("h", "p")])),
    ("machine h password p password q", Some(&[("h", "q")])),
    ("machine h password p\nmachine h password q", Some(&[("h", "q")])),
    ("machine h user u account a password p", Some(&[("h", "p")])),
    ("macdef m\nmachine x password y\n\nmachine h password p", Some(&[("h", "p")])),
    ("macdef m\nline\n", None),
    ("macdef m\n\nmachine h password p\n", Some(&[("h", "p")])),
    ("machine h", Some(&[("h", "")])),
    ("machine", None),
    ("machine h password", Some(&[("h", "")])),
    ("machine h:80 password p", Some(&[("h:80", "p")])),
    ("machine h password p\r\nmachine g password q\r\n", Some(&[("g", "q"), ("h", "p")])),
    ("bad h", None),
    ("machine h bad p", None),
    ("machine \"h\" password \"\" login l", Some(&[("h", "")])),
    ("\"\" machine h password p", Some(&[])),
    ("machine h password \"unclosed", Some(&[("h", "unclosed")])),
    ("machine h\tlogin\tl\tpassword\tp", Some(&[("h", "p")])),
    ("machine default password p", Some(&[("default", "p")])),
    ("machine h password é", Some(&[("h", "é")])),
    ("machine h password p macdef m\nx\n\nmachine g password q", Some(&[("g", "q"), ("h", "p")])),
    ("machine h password a\"b\"c", Some(&[("h", "a\"b\"c")])),
    ("machine h password \"a\"b login l", None),
    ("machine h password p\\", Some(&[("h", "p")])),
    ("", Some(&[])),
    ("\n\n", Some(&[])),
    ("machine h password \"p\"login l", Some(&[("h", "p")])),
];

fn check(text: &str, expect: Expected) {
    let expect = expect.map(Netrc::from_pairs);
    assert_eq!(Netrc::parse(text).ok(), expect, "{text:?}");
}

#[test]
fn files_are_parsed_as_in_python() {
    for &(text, expect) in PYTHON {
        check(text, expect);
    }
}

#[test]
fn comments_rejected_by_python_are_skipped() {
    check("#c d\nmachine h password p", Some(&[("h", "p")]));
    check("machine h password p\n\n# c d\nmachine g password q", Some(&[("g", "q"), ("h", "p")]));
    check("#old machine x password y\nmachine h password p", Some(&[("h", "p")]));
}

#[test]
fn errors_name_the_line_but_no_password() {
    let error = |text: &str| Netrc::parse(text).unwrap_err();
    assert_eq!(
        error("\n\nbad h"),
        SyntaxError { line: 3, reason: "expected machine, default or macdef".to_owned() }
    );
    let spaced = error("machine h\n  password two words\n");
    assert_eq!(spaced, SyntaxError { line: 2, reason: "unknown keyword in the entry of h".to_owned() });
    assert_eq!(error("macdef m\nx\n").reason, "the macro does not end with an empty line");
    assert_eq!(error("machine").reason, "the name of the machine is missing");
}

#[test]
fn listed_machines_come_before_the_default() {
    let netrc = Netrc::parse("default password d\nmachine H.test password h\nmachine g password g").unwrap();
    let find = |machines: &[&str]| {
        let machines: Vec<String> = machines.iter().map(|&machine| machine.to_owned()).collect();
        netrc.find(&machines).map(|(name, password)| (name.to_owned(), password.to_owned()))
    };
    let some = |name: &str, password: &str| Some((name.to_owned(), password.to_owned()));
    assert_eq!(find(&["h.test"]), some("H.test", "h"));
    assert_eq!(find(&["x", "g"]), some("g", "g"));
    assert_eq!(find(&["g", "h.test"]), some("g", "g"));
    assert_eq!(find(&["x"]), some("default", "d"));
    assert_eq!(Netrc::parse("").unwrap().find(&["x".to_owned()]), None);
}

proptest! {
    #[test]
    fn quoted_passwords_round_trip(password in "[^\\r\\x00]{0,20}", machine in "[a-z]{1,8}(:[0-9]{1,5})?") {
        let quoted = password.replace('\\', "\\\\").replace('"', "\\\"");
        let netrc = Netrc::parse(&format!("machine {machine}\n\tlogin user\n\tpassword \"{quoted}\"\n")).unwrap();
        prop_assert_eq!(netrc.find(std::slice::from_ref(&machine)), Some((machine.as_str(), password.as_str())));
    }

    #[test]
    fn parser_never_panics(text in "((machine|default|macdef|password|login|#|\"|\\\\|[a-z])[ \\n]{0,2}){0,20}") {
        drop(Netrc::parse(&text));
    }
}

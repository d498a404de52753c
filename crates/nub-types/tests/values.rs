//! Values between SCALE and JSON, and octets that are none.

use nub_types::{DecodeError, EncodeError, Type};
use proptest::prelude::*;
use serde_json::{Value, json};

fn of(name: &str) -> Type {
    name.parse().unwrap()
}

#[test]
fn values_go_both_ways() {
    let cases: &[(&str, Value, &[u8])] = &[
        ("()", Value::Null, &[]),
        ("bool", json!(true), &[1]),
        ("u16", json!(513), &[1, 2]),
        ("i16", json!(-2), &[0xFE, 0xFF]),
        ("u128", json!("340282366920938463463374607431768211455"), &[0xFF; 16]),
        ("String", json!("hi"), &[8, b'h', b'i']),
        ("[u8;3]", json!("0x010203"), &[1, 2, 3]),
        ("Vec<u8>", json!("0x0102"), &[8, 1, 2]),
        ("Vec<(u8,u16)>", json!([[1, 2], [3, 4]]), &[8, 1, 2, 0, 3, 4, 0]),
        ("Option<u8>", Value::Null, &[0]),
        ("Option<u8>", json!(7), &[1, 7]),
        ("Order{id:u8,to:[u8;1]}", json!({"id": 1, "to": "0x02"}), &[1, 2]),
        ("Amount(u8)", json!(9), &[9]),
        ("Side[Buy|Sell{at:u8}|Other(u8)]", json!("Buy"), &[0]),
        ("Side[Buy|Sell{at:u8}|Other(u8)]", json!({"Sell": {"at": 3}}), &[1, 3]),
        ("Side[Buy|Sell{at:u8}|Other(u8)]", json!({"Other": 3}), &[2, 3]),
    ];
    for (name, value, octets) in cases {
        assert_eq!(of(name).decode(octets).as_ref(), Ok(value), "{name}");
        assert_eq!(of(name).encode(value).as_deref(), Ok(*octets), "{name}");
    }
}

#[test]
fn octets_that_are_no_value_are_errors() {
    assert_eq!(of("u16").decode(&[1]), Err(DecodeError::TooShort));
    assert_eq!(of("u8").decode(&[1, 2]), Err(DecodeError::TooLong { count: 1 }));
    assert_eq!(of("bool").decode(&[2]), Err(DecodeError::Tag { found: 2, count: 2 }));
    assert_eq!(of("Side[Buy|Sell]").decode(&[2]), Err(DecodeError::Tag { found: 2, count: 2 }));
    assert_eq!(of("String").decode(&[4, 0xFF]), Err(DecodeError::NotText));
    assert_eq!(of("Vec<u8>").decode(&[1, 0]), Err(DecodeError::Length), "not the shortest form");
    assert_eq!(of("Vec<()>").decode(&[0xFE, 0xFF, 0xFF, 0xFF]), Err(DecodeError::Length));
}

#[test]
fn values_of_another_type_are_errors() {
    assert!(matches!(of("u8").encode(&json!(256)), Err(EncodeError::Range { bits: 8, .. })));
    assert!(matches!(of("i8").encode(&json!(-129)), Err(EncodeError::Range { .. })));
    assert!(matches!(of("u8").encode(&json!(-1)), Err(EncodeError::Kind { .. })));
    assert!(matches!(of("[u8;2]").encode(&json!("0x01")), Err(EncodeError::Count { wanted: 2, found: 1 })));
    assert!(matches!(of("S{a:u8}").encode(&json!({})), Err(EncodeError::Missing { .. })));
}

#[test]
fn names_that_are_no_type_are_errors() {
    for name in ["", "[u8", "Vec<>", "(u8", "u8,", "S{a}", &"Vec<".repeat(100)] {
        assert!(name.parse::<Type>().is_err(), "{name}");
    }
}

proptest! {
    #[test]
    fn decoding_never_panics(octets: Vec<u8>, name in "[A-Za-z0-9<>(){}\\[\\];:,|]{0,24}") {
        if let Ok(of) = name.parse::<Type>() {
            let _ = of.decode(&octets);
        }
        for name in ["Vec<(u8,Option<String>)>", "S[A|B{x:Vec<u128>}|C(i64)]", "[Vec<u16>;3]"] {
            if let Ok(value) = of(name).decode(&octets) {
                prop_assert_eq!(of(name).encode(&value).unwrap(), octets.clone());
            }
        }
    }
}

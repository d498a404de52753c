//! What the macros make, on the build machine.

use nub_sdk::codec::{decode_all, encode};
use nub_sdk::{
    Address, CallError, CounterMap, List, Map, Scale, Selector, Typed, Value, interface, mock, storage,
};

#[derive(Clone, Debug, PartialEq, Eq, Scale)]
struct Order {
    id: u64,
    side: Side,
    tags: Vec<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq, Scale)]
enum Side {
    Buy,
    Sell { at: u128 },
    Other(bool),
}

#[storage]
struct Shop {
    open: Value<bool>,
    names: Map<String, u32>,
    small: Map<u16, u32>,
    #[raw]
    balances: CounterMap<Address, u128>,
    allowances: CounterMap<(Address, Address), u128>,
    orders: List<Order>,
}

#[interface]
trait Token {
    #[endpoint(2)]
    fn transfer(&mut self, to: &Address, amount: u128);
    #[endpoint]
    fn balance_of(&self, account: &Address) -> u128;
}

fn order(id: u64, side: Side) -> Order {
    Order { id, side, tags: vec![1, 2] }
}

#[test]
fn values_are_scale_and_have_names() {
    let sell = order(7, Side::Sell { at: 3 });
    let octets = encode(&sell);
    assert_eq!(octets[..9], [7, 0, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(octets[25..], [8, 1, 0, 2, 0]);
    assert_eq!(decode_all::<Order>(&octets), Ok(sell));
    assert_eq!(Order::NAME.as_str(), "Order{id:u64,side:Side[Buy|Sell{at:u128}|Other(bool)],tags:Vec<u16>}");
    assert!(decode_all::<Side>(&[3]).is_err() && decode_all::<bool>(&[2]).is_err());
    assert!(decode_all::<u16>(&[1]).is_err() && decode_all::<u16>(&[1, 2, 3]).is_err());
    assert_eq!(decode_all::<Side>(&encode(&Side::Other(true))), Ok(Side::Other(true)));
}

#[test]
fn a_list_keeps_its_order() {
    let mut shop = Shop::default();
    (0..3).for_each(|id| assert_eq!(shop.orders.push(&order(id, Side::Buy)), id as u32));
    assert_eq!(shop.orders.swap_remove(0).map(|order| order.id), Some(0));
    assert_eq!(shop.orders.iter().map(|order| order.id).collect::<Vec<_>>(), [2, 1]);
    assert_eq!((shop.orders.pop().map(|order| order.id), shop.orders.len()), (Some(1), 1));
}

#[test]
fn keys_of_fields_cannot_meet() {
    let mut shop = Shop::default();
    shop.balances.set(&[1; 32], 5);
    shop.allowances.set(&([1; 32], [2; 32]), 6);
    shop.names.insert(&"ann".to_owned(), &7u32);
    shop.names.insert(&"a".repeat(40), &8u32);
    shop.open.set(&true);
    let lengths: Vec<_> = mock::storage().into_keys().map(|key| key.len()).collect();
    assert_eq!(lengths.iter().filter(|&&length| length == 32).count(), 1, "the raw key alone");
    assert_eq!(lengths.iter().filter(|&&length| length == 31).count(), 2, "the hashed ones");
    assert!(mock::storage().contains_key(&b"names:\x0cann"[..]));
    assert_eq!((shop.names.get(&"a".repeat(40)), shop.allowances.get(&([1; 32], [2; 32]))), (Some(8), 6));
    shop.balances.set(&[1; 32], 0);
    assert!(!mock::storage().contains_key(&[1; 32][..]), "zero is not kept");
}

#[test]
fn keys_are_listed_in_the_order_of_octets() {
    let mut shop = Shop::default();
    [3u16, 1, 2].iter().for_each(|key| shop.small.insert(key, &u32::from(*key)));
    shop.names.insert(&"x".to_owned(), &0u32);
    assert_eq!(shop.small.keys(None).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(shop.small.keys(Some(&1)).collect::<Vec<_>>(), [2, 3]);
}

#[test]
fn a_value_of_another_type_reverts() {
    mock::with(|environment| environment.storage.insert(b"open".to_vec(), vec![9]));
    let other = mock::run(|| Ok::<_, &str>(Shop::default().open.get()));
    assert_eq!(other, Err("storage: the value is of another type".to_owned()));
}

#[test]
fn another_contract_is_called_by_type() {
    mock::on_call(|call| match call.endpoint {
        2 => (1, b"no".to_vec()),
        _ => mock::answer(&u128::from(call.args[0])),
    });
    let token = TokenRef::new(Selector::slot(4)).with_gas(1000);
    assert_eq!(token.balance_of(&[9; 32]), Ok(9));
    assert_eq!(token.transfer(&[9; 32], 1), Err(CallError::Failed { status: 1, output_len_bytes: 2 }));
    mock::on_call(|_| (0, vec![1]));
    assert_eq!(token.balance_of(&[9; 32]), Err(CallError::BadOutput));
}

//! The rules, against the kernel's stand-in.

use ed25519_dalek::Signer;
use k256::ecdsa::signature::hazmat::PrehashSigner;
use nub_sdk::mock;

use super::*;

/// An owner with either kind of key.
enum Owner {
    Edwards(ed25519_dalek::SigningKey),
    Koblitz(k256::ecdsa::SigningKey),
}

impl Owner {
    fn key(&self) -> Key {
        match self {
            Self::Edwards(key) => Key::Ed25519(key.verifying_key().to_bytes()),
            Self::Koblitz(key) => {
                Key::Secp256k1(key.verifying_key().to_encoded_point(true).as_bytes().try_into().unwrap())
            }
        }
    }

    fn sign(&self, hash: &[u8; 32]) -> Signature {
        match self {
            Self::Edwards(key) => key.sign(hash).to_bytes(),
            Self::Koblitz(key) => {
                let signature: k256::ecdsa::Signature = key.sign_prehash(hash).unwrap();
                signature.to_bytes().into()
            }
        }
    }
}

fn owners() -> [Owner; 3] {
    [
        Owner::Edwards(ed25519_dalek::SigningKey::from_bytes(&[1; 32])),
        Owner::Koblitz(k256::ecdsa::SigningKey::from_slice(&[2; 32]).unwrap()),
        Owner::Edwards(ed25519_dalek::SigningKey::from_bytes(&[3; 32])),
    ]
}

fn keys() -> Vec<Key> {
    owners().iter().map(Owner::key).collect()
}

fn wallet() -> Multisig {
    let mut wallet = Multisig::default();
    wallet.init(keys(), 2).unwrap();
    mock::on_call(|call| (0, call.args.clone()));
    wallet
}

fn approvals(wallet: &Multisig, action: &Action, by: &[u32]) -> Vec<Approval> {
    let hash = wallet.hash(action);
    by.iter().map(|&owner| Approval { owner, signature: owners()[owner as usize].sign(&hash) }).collect()
}

fn call(args: &[u8]) -> Action {
    Action::Call { slot: 1, endpoint: 2, gas: 1_000, args: args.to_vec() }
}

/// Executes it with these owners' approvals.
fn execute(wallet: &mut Multisig, action: &Action, by: &[u32]) -> Result<Vec<u8>, MultisigError> {
    let approvals = approvals(wallet, action, by);
    wallet.execute(action.clone(), approvals)
}

#[test]
fn enough_owners_of_either_kind_act() {
    let mut wallet = wallet();
    for by in [&[0, 1][..], &[1, 2], &[0, 2], &[0, 1, 2]] {
        assert_eq!(execute(&mut wallet, &call(b"pay"), by), Ok(b"pay".to_vec()));
    }
    assert_eq!((wallet.nonce(), mock::logs().len()), (4, 4));
}

#[test]
fn too_few_do_not() {
    let mut wallet = wallet();
    assert_eq!(execute(&mut wallet, &call(b""), &[0]), Err(MultisigError::TooFewApprovals));
    assert_eq!(execute(&mut wallet, &call(b""), &[]), Err(MultisigError::TooFewApprovals));
    assert_eq!(execute(&mut wallet, &call(b""), &[1, 1]), Err(MultisigError::ApprovalsOutOfOrder));
    assert_eq!(execute(&mut wallet, &call(b""), &[2, 0]), Err(MultisigError::ApprovalsOutOfOrder));
    let mut wrong = approvals(&wallet, &call(b""), &[0, 1]);
    wrong[1].owner = 3;
    assert_eq!(wallet.execute(call(b""), wrong.clone()), Err(MultisigError::NoSuchOwner));
    wrong[1].owner = 2;
    assert_eq!(wallet.execute(call(b""), wrong), Err(MultisigError::BadSignature));
    assert_eq!(wallet.nonce(), 0);
}

#[test]
fn a_signature_is_for_one_action_of_one_wallet_at_one_time() {
    let mut wallet = wallet();
    let signed = approvals(&wallet, &call(b"pay"), &[0, 1]);
    let refused = |wallet: &mut Multisig, action| {
        assert_eq!(wallet.execute(action, signed.clone()), Err(MultisigError::BadSignature));
    };
    refused(&mut wallet, call(b"pay more"));
    refused(&mut wallet, Action::Call { slot: 2, endpoint: 2, gas: 1_000, args: b"pay".to_vec() });
    mock::with(|environment| environment.chain_id = 2);
    refused(&mut wallet, call(b"pay"));
    mock::with(|environment| (environment.chain_id, environment.self_id) = (1, [9; 32]));
    refused(&mut wallet, call(b"pay"));
    mock::with(|environment| environment.self_id = [0x5e; 32]);
    assert!(wallet.execute(call(b"pay"), signed.clone()).is_ok());
    refused(&mut wallet, call(b"pay"));
}

#[test]
fn owners_are_replaced_by_owners() {
    let mut wallet = wallet();
    let alone = Owners { keys: vec![owners()[2].key()], threshold: 1 };
    let action = Action::SetOwners { owners: alone.clone() };
    assert_eq!(execute(&mut wallet, &action, &[2]), Err(MultisigError::TooFewApprovals));
    assert_eq!(execute(&mut wallet, &action, &[0, 2]), Ok(Vec::new()));
    assert_eq!(wallet.owners(), Ok(alone));
    let signature = owners()[2].sign(&wallet.hash(&call(b"mine")));
    assert_eq!(wallet.execute(call(b"mine"), vec![Approval { owner: 0, signature }]), Ok(b"mine".to_vec()));
}

#[test]
fn owners_are_distinct_and_valid() {
    let init = |keys, threshold| Multisig::default().init(keys, threshold);
    assert_eq!(init(Vec::new(), 0), Err(MultisigError::BadNumbers));
    assert_eq!(init(keys(), 0), Err(MultisigError::BadNumbers));
    assert_eq!(init(keys(), 4), Err(MultisigError::BadNumbers));
    let many: Vec<Key> = (0..17).map(|number| Key::Ed25519([number; 32])).collect();
    assert_eq!(init(many, 1), Err(MultisigError::BadNumbers));
    assert_eq!(init([keys(), keys()].concat(), 1), Err(MultisigError::DuplicateOwner));
    assert_eq!(init(vec![Key::Secp256k1([7; 33])], 1), Err(MultisigError::BadKey));
    assert_eq!(init(keys(), 3), Ok(()));
}

#[test]
fn a_call_that_fails_undoes_the_number() {
    let mut wallet = wallet();
    mock::on_call(|_| (1, b"no".to_vec()));
    let approvals = approvals(&wallet, &call(b"pay"), &[0, 1]);
    let failed = mock::run(|| wallet.execute(call(b"pay"), approvals.clone()));
    assert_eq!(failed, Err("call: the callee failed".into()));
    assert_eq!(wallet.nonce(), 0);
    mock::on_call(|_| (0, Vec::new()));
    assert!(wallet.execute(call(b"pay"), approvals).is_ok());
}

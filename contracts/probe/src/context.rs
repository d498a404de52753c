//! What a call sees.

use core::convert::Infallible;

use nub_sdk::{Args, Badge, InstanceId};

/// `→ gas: u64`
pub fn gas_left(_: Args) -> Result<[u8; 8], Infallible> {
    Ok(nub_sdk::gas_left().to_le_bytes())
}

/// `→ the 88 octets`
pub fn block_context(_: Args) -> Result<[u8; 88], Infallible> {
    Ok(nub_sdk::block_context().to_bytes())
}

/// `→ kind: u8 ‖ id: 32`
pub fn caller(_: Args) -> Result<[u8; 33], Infallible> {
    let mut answer = [0; 33];
    if let Some(id) = nub_sdk::caller() {
        answer[0] = 1;
        answer[1..].copy_from_slice(&id);
    }
    Ok(answer)
}

/// `→ badge: 32`
pub fn badge(_: Args) -> Result<Badge, Infallible> {
    Ok(nub_sdk::badge())
}

/// `→ id: 32`
pub fn self_id(_: Args) -> Result<InstanceId, Infallible> {
    Ok(nub_sdk::self_id())
}

/// `→ count: u64`
pub fn passed_count(_: Args) -> Result<[u8; 8], Infallible> {
    Ok((nub_sdk::passed_count() as u64).to_le_bytes())
}

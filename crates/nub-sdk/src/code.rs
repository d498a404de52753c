//! What a host call answers when it does not succeed. The same numbers as in `nub_abi::host_call`.

/// No value under that key.
pub const NONE: u64 = u64::MAX;
/// The key's length is not allowed.
pub const BAD_KEY: u64 = u64::MAX - 1;
/// A value, argument list or message is longer than allowed.
pub const TOO_LONG: u64 = u64::MAX - 2;
/// The slot or passed capability is absent or of another kind.
pub const NO_CAPABILITY: u64 = u64::MAX - 3;
/// The capability lacks the right.
pub const NO_RIGHT: u64 = u64::MAX - 4;
/// The bytes are not a valid Image.
pub const BAD_IMAGE: u64 = u64::MAX - 5;
/// No host call has that number.
pub const UNKNOWN: u64 = u64::MAX - 6;
/// The slot, selector or flag is out of range.
pub const BAD_ARGUMENT: u64 = u64::MAX - 7;
/// The Instance is on the call stack.
pub const BUSY: u64 = u64::MAX - 8;
/// The Instance does not exist any more.
pub const GONE: u64 = u64::MAX - 9;
/// A CNode would be higher than 16.
pub const TOO_HIGH: u64 = u64::MAX - 10;

/// Selectors from here on name passed capabilities; those below name slots.
pub const PASSED: u16 = 256;

#[cfg(test)]
mod tests {
    use nub_abi::host_call as abi;

    #[test]
    fn numbers_are_the_kernels() {
        assert_eq!(super::NONE, abi::NONE);
        assert_eq!(super::BAD_KEY, abi::BAD_KEY);
        assert_eq!(super::TOO_LONG, abi::TOO_LONG);
        assert_eq!(super::NO_CAPABILITY, abi::NO_CAPABILITY);
        assert_eq!(super::NO_RIGHT, abi::NO_RIGHT);
        assert_eq!(super::BAD_IMAGE, abi::BAD_IMAGE);
        assert_eq!(super::UNKNOWN, abi::UNKNOWN);
        assert_eq!(super::BAD_ARGUMENT, abi::BAD_ARGUMENT);
        assert_eq!(super::BUSY, abi::BUSY);
        assert_eq!(super::GONE, abi::GONE);
        assert_eq!(super::TOO_HIGH, abi::TOO_HIGH);
        assert_eq!(u64::from(super::PASSED), abi::PASSED);
    }

    #[test]
    fn every_host_call_has_its_kernels_number() {
        let ours = crate::host::NUMBERS;
        assert_eq!(ours.len(), abi::HostCall::ALL.len());
        for (call, number) in abi::HostCall::ALL.into_iter().zip(ours) {
            assert_eq!(call as u32, number);
        }
    }
}

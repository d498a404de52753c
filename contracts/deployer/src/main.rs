//! Makes an Image and an Instance of it from its arguments, and gives the Instance's id. Anybody may call it.
//!
//! `README.md` has the format, and says what it keeps: the last Image and the last Ref, in two slots that the next
//! deployment overwrites. So it works the three-hundredth time as the first, and holds no authority over an
//! Instance once another is made.

#![cfg_attr(target_arch = "riscv64", no_std, no_main)]

use nub_sdk::init::as_creator;
use nub_sdk::{
    Args, ArgsError, Badge, CallError, CapabilityError, CreateError, InstanceId, Output, Selector,
};

nub_sdk::endpoints! {
    0 => deploy,
}

/// Where the Image is until the next deployment.
const IMAGE_SLOT: u8 = 1;
/// Where the Ref to the new Instance is until the next deployment.
const REF_SLOT: u8 = 2;
/// The number that stands for no initialisation.
const NO_ENDPOINT: u16 = 0xFFFF;
/// The longest arguments for the initialisation, in octets.
const INIT_ARGS_BYTES_MAX: usize = 1024;
/// The longest message of a failed initialisation that is handed on, in octets.
const MESSAGE_BYTES_MAX: usize = 256;
/// What precedes a message of a failed initialisation.
const INIT_REVERTED: &[u8] = b"deploy: init reverted: ";

/// Why nothing was deployed.
enum Failure {
    /// The arguments are malformed.
    Args(ArgsError),
    /// `public` is neither 0 nor 1.
    BadFlag,
    /// The arguments for the initialisation are too long.
    InitArgsTooLong,
    /// No Image or no Instance.
    Create(CreateError),
    /// The initialisation did not succeed.
    Init(&'static str),
}

impl Output for Failure {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Args(error) => error.message().as_bytes(),
            Self::BadFlag => b"deploy: public is 0 or 1",
            Self::InitArgsTooLong => b"deploy: at most 1024 bytes of init arguments",
            Self::Create(error) => error.message().as_bytes(),
            Self::Init(message) => message.as_bytes(),
        }
    }
}

impl From<ArgsError> for Failure {
    fn from(error: ArgsError) -> Self {
        Self::Args(error)
    }
}

impl From<CreateError> for Failure {
    fn from(error: CreateError) -> Self {
        Self::Create(error)
    }
}

/// `image length: u32 ‖ Image ‖ public: u8 ‖ init endpoint: u16 ‖ init arguments → id: 32`
fn deploy(mut args: Args) -> Result<InstanceId, Failure> {
    let image_len_bytes = args.u32()?;
    let image = args.take(image_len_bytes as usize)?;
    let public = match args.u8()? {
        flag @ (0 | 1) => flag == 1,
        _ => return Err(Failure::BadFlag),
    };
    let init_endpoint = args.u16()?;
    let deployer = nub_sdk::badge();
    nub_sdk::image_create(image, IMAGE_SLOT)?;
    let id = nub_sdk::instance_create(IMAGE_SLOT, REF_SLOT, public, &deployer)?;
    if init_endpoint != NO_ENDPOINT {
        initialise(&id, init_endpoint, &deployer, args.rest())?;
    }
    Ok(id)
}

/// Calls the new Instance as its creator, with `deployer: 32 ‖ arguments` and all the gas there is.
fn initialise(id: &InstanceId, endpoint: u16, deployer: &Badge, args: &[u8]) -> Result<(), Failure> {
    let target = as_creator(Selector::slot(REF_SLOT), REF_SLOT, id)
        .map_err(CapabilityError::message)
        .map_err(Failure::Init)?;
    let mut message = [0; 32 + INIT_ARGS_BYTES_MAX];
    let message = message.get_mut(..32 + args.len()).ok_or(Failure::InitArgsTooLong)?;
    let (origin, rest) = message.split_at_mut(32);
    origin.copy_from_slice(deployer);
    rest.copy_from_slice(args);
    match nub_sdk::call(target, endpoint, message, u64::MAX, &[]) {
        Ok(_) => Ok(()),
        Err(CallError::Failed { status, .. }) => Err(failed(status)),
        Err(error) => Err(Failure::Init(error.message())),
    }
}

/// What to say of a status that is not success.
fn failed(status: u8) -> Failure {
    match status {
        1 => reverted(),
        2 => Failure::Init("deploy: init panicked"),
        3 => Failure::Init("deploy: init faulted"),
        4 => Failure::Init("deploy: init ran out of gas"),
        5 => Failure::Init("deploy: init exceeded a limit"),
        8 => Failure::Init("deploy: no such init endpoint"),
        _ => Failure::Init("deploy: init failed"),
    }
}

/// Reverts with the message of the initialisation.
fn reverted() -> ! {
    let mut message = [0; INIT_REVERTED.len() + MESSAGE_BYTES_MAX];
    let (prefix, rest) = message.split_at_mut(INIT_REVERTED.len());
    prefix.copy_from_slice(INIT_REVERTED);
    let len_bytes = INIT_REVERTED.len() + nub_sdk::output_read(rest, 0);
    nub_sdk::revert(message.get(..len_bytes).unwrap_or(INIT_REVERTED))
}

/// On the build machine there is nothing to run.
#[cfg(not(target_arch = "riscv64"))]
fn main() {}

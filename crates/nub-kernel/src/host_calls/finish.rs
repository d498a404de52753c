//! Ways a frame ends by its own will: halt, return, revert.

use crate::arch::Arch;
use crate::calls::{Calls, Next, OutputLimit};
use crate::stop::{Stop, price};
use nub_abi::Status;

impl<A: Arch> Calls<'_, '_, A> {
    /// The program jumped to the halt address: the octets [r7, r7 + r8) are its output.
    pub(crate) fn halt(&mut self) -> Result<Next<A>, Stop> {
        self.finish(Status::Success)
    }

    /// `return(data, len)` and `revert(data, len)`. An output above the limit, or in a range that may
    /// not be read, fails the frame.
    pub(super) fn finish(&mut self, status: Status) -> Result<Next<A>, Stop> {
        let (address, len_bytes) = (self.argument(0)?, self.argument(1)? as u32);
        // Only the outermost frame's output is in a receipt, if there is one.
        let fits = match self.outermost {
            OutputLimit::Bytes(most) if self.frames.len() == 1 => len_bytes <= most,
            OutputLimit::Receipt if self.frames.len() == 1 => {
                len_bytes <= self.world.params.limits.output_bytes
                    && self.world.receipts_fit(self.receipt_bytes(len_bytes as usize))
            }
            _ => len_bytes <= self.world.params.limits.output_bytes,
        };
        if !fits {
            return Err(Stop::Fail(Status::LimitExceeded));
        }
        self.charge(price(self.world.params.gas.output_byte, len_bytes as usize))?;
        let output = self.read(address, len_bytes.into())?;
        Ok(Next::Finish(status, output))
    }
}

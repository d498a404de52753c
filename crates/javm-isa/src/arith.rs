//! The arithmetic that is not one operator of Rust: 32-bit operations on whole registers, division,
//! shifts, and the upper halves of products. Pure functions, for the engines and for their tests.
//!
//! Operations named `_32` use the low halves and sign-extend their 32-bit result, unsigned division and
//! logical shifts included. Shift counts are taken mod 32 or 64. Nothing here traps.

/// Sign-extends the low half.
#[inline(always)]
pub const fn sext32(value: u64) -> u64 {
    value as i32 as u64
}

/// Low half of the sum, sign-extended.
#[inline(always)]
pub const fn add_32(a: u64, b: u64) -> u64 {
    sext32(a.wrapping_add(b))
}

/// Low half of the difference, sign-extended.
#[inline(always)]
pub const fn sub_32(a: u64, b: u64) -> u64 {
    sext32(a.wrapping_sub(b))
}

/// Low half of the product, sign-extended.
#[inline(always)]
pub const fn mul_32(a: u64, b: u64) -> u64 {
    sext32(a.wrapping_mul(b))
}

/// Unsigned quotient; all ones if `b` is zero.
#[inline]
pub const fn div_u_32(a: u64, b: u64) -> u64 {
    match (a as u32).checked_div(b as u32) {
        Some(quotient) => sext32(quotient as u64),
        None => u64::MAX,
    }
}

/// Signed quotient, rounded toward zero; all ones if `b` is zero; −2^31 for −2^31 by −1.
#[inline]
pub const fn div_s_32(a: u64, b: u64) -> u64 {
    if b as u32 == 0 {
        return u64::MAX;
    }
    (a as i32).wrapping_div(b as i32) as u64
}

/// Unsigned remainder; `a` if `b` is zero.
#[inline]
pub const fn rem_u_32(a: u64, b: u64) -> u64 {
    match (a as u32).checked_rem(b as u32) {
        Some(remainder) => sext32(remainder as u64),
        None => sext32(a),
    }
}

/// Signed remainder with the sign of `a`; `a` if `b` is zero; 0 for −2^31 by −1.
#[inline]
pub const fn rem_s_32(a: u64, b: u64) -> u64 {
    if b as u32 == 0 {
        return sext32(a);
    }
    (a as i32).wrapping_rem(b as i32) as u64
}

/// Unsigned quotient; all ones if `b` is zero.
#[inline]
pub const fn div_u_64(a: u64, b: u64) -> u64 {
    match a.checked_div(b) {
        Some(quotient) => quotient,
        None => u64::MAX,
    }
}

/// Signed quotient, rounded toward zero; all ones if `b` is zero; −2^63 for −2^63 by −1.
#[inline]
pub const fn div_s_64(a: u64, b: u64) -> u64 {
    if b == 0 {
        return u64::MAX;
    }
    (a as i64).wrapping_div(b as i64) as u64
}

/// Unsigned remainder; `a` if `b` is zero.
#[inline]
pub const fn rem_u_64(a: u64, b: u64) -> u64 {
    match a.checked_rem(b) {
        Some(remainder) => remainder,
        None => a,
    }
}

/// Signed remainder with the sign of `a`; `a` if `b` is zero; 0 for −2^63 by −1.
#[inline]
pub const fn rem_s_64(a: u64, b: u64) -> u64 {
    if b == 0 {
        return a;
    }
    (a as i64).wrapping_rem(b as i64) as u64
}

/// `a` shifted left by `count` mod 32, sign-extended.
#[inline(always)]
pub const fn shlo_l_32(a: u64, count: u64) -> u64 {
    sext32((a as u32).wrapping_shl(count as u32) as u64)
}

/// Low half of `a` shifted right by `count` mod 32, filled with zeros, then sign-extended.
#[inline(always)]
pub const fn shlo_r_32(a: u64, count: u64) -> u64 {
    sext32((a as u32).wrapping_shr(count as u32) as u64)
}

/// Low half of `a` shifted right by `count` mod 32, filled with its sign.
#[inline(always)]
pub const fn shar_r_32(a: u64, count: u64) -> u64 {
    (a as i32).wrapping_shr(count as u32) as u64
}

/// `a` shifted left by `count` mod 64.
#[inline(always)]
pub const fn shlo_l_64(a: u64, count: u64) -> u64 {
    a.wrapping_shl(count as u32)
}

/// `a` shifted right by `count` mod 64, filled with zeros.
#[inline(always)]
pub const fn shlo_r_64(a: u64, count: u64) -> u64 {
    a.wrapping_shr(count as u32)
}

/// `a` shifted right by `count` mod 64, filled with its sign: rounds toward −∞, unlike division.
#[inline(always)]
pub const fn shar_r_64(a: u64, count: u64) -> u64 {
    (a as i64).wrapping_shr(count as u32) as u64
}

/// `a` rotated left by `count` mod 64.
#[inline(always)]
pub const fn rot_l_64(a: u64, count: u64) -> u64 {
    a.rotate_left(count as u32 % 64)
}

/// `a` rotated right by `count` mod 64.
#[inline(always)]
pub const fn rot_r_64(a: u64, count: u64) -> u64 {
    a.rotate_right(count as u32 % 64)
}

/// Low half of `a` rotated left by `count` mod 32, sign-extended.
#[inline(always)]
pub const fn rot_l_32(a: u64, count: u64) -> u64 {
    sext32((a as u32).rotate_left(count as u32 % 32) as u64)
}

/// Low half of `a` rotated right by `count` mod 32, sign-extended.
#[inline(always)]
pub const fn rot_r_32(a: u64, count: u64) -> u64 {
    sext32((a as u32).rotate_right(count as u32 % 32) as u64)
}

/// Upper half of the product, both signed.
#[inline(always)]
pub const fn mul_upper_s_s(a: u64, b: u64) -> u64 {
    ((a as i64 as i128 * b as i64 as i128) >> 64) as u64
}

/// Upper half of the product, both unsigned.
#[inline(always)]
pub const fn mul_upper_u_u(a: u64, b: u64) -> u64 {
    ((a as u128 * b as u128) >> 64) as u64
}

/// Upper half of the product, `a` signed, `b` unsigned.
#[inline(always)]
pub const fn mul_upper_s_u(a: u64, b: u64) -> u64 {
    // Reading a negative `a` as unsigned adds 2^64 to it, and so `b` to the upper half.
    let negative_part = if (a as i64) < 0 { b } else { 0 };
    mul_upper_u_u(a, b).wrapping_sub(negative_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIN_32: u64 = 0xFFFF_FFFF_8000_0000;
    const MIN_64: u64 = 1 << 63;
    const MINUS_1: u64 = u64::MAX;

    const fn minus(value: u64) -> u64 {
        value.wrapping_neg()
    }

    #[test]
    fn unsigned_32_bit_results_are_sign_extended_too() {
        assert_eq!(div_u_32(0xFFFF_FFFE, 1), minus(2));
        assert_eq!(rem_u_32(0x8000_0000, 0xFFFF_FFFF), MIN_32);
        assert_eq!(shlo_r_32(0x8000_0000, 32), MIN_32);
        assert_eq!(rot_r_32(1, 1), MIN_32);
        assert_eq!(rot_l_32(0x4000_0000, 1), MIN_32);
        assert_eq!(add_32(0x7FFF_FFFF, 1), MIN_32);
        assert_eq!(sub_32(0, 1), MINUS_1);
        assert_eq!(mul_32(0x8000_0000, 3), MIN_32);
    }

    #[test]
    fn upper_halves_do_not_matter_to_32_bit_operations() {
        let dirty = 0xDEAD_BEEF_0000_0000;
        assert_eq!(div_u_32(dirty | 7, dirty | 2), 3);
        assert_eq!(rem_s_32(dirty | 7, dirty | 4), 3);
        assert_eq!(div_s_32(dirty | 7, dirty), MINUS_1);
        assert_eq!(shlo_r_32(dirty | 4, 1), 2);
        assert_eq!(shar_r_32(dirty | 4, 1), 2);
        assert_eq!(rot_l_32(dirty | 4, 1), 8);
    }

    #[test]
    fn division_by_zero_gives_all_ones_and_the_remainder_the_dividend() {
        for divide in [div_u_32, div_s_32, div_u_64, div_s_64] {
            assert_eq!(divide(5, 0), MINUS_1);
        }
        for remainder in [rem_u_32, rem_s_32, rem_u_64, rem_s_64] {
            assert_eq!(remainder(5, 0), 5);
            assert_eq!(remainder(MINUS_1, 0), MINUS_1);
        }
        assert_eq!(rem_u_32(0x8000_0000, 0), MIN_32);
    }

    #[test]
    fn the_least_number_by_minus_one_does_not_trap() {
        assert_eq!(div_s_32(MIN_32, MINUS_1), MIN_32);
        assert_eq!(rem_s_32(MIN_32, MINUS_1), 0);
        assert_eq!(div_s_64(MIN_64, MINUS_1), MIN_64);
        assert_eq!(rem_s_64(MIN_64, MINUS_1), 0);
    }

    #[test]
    fn division_rounds_toward_zero_and_shifts_toward_minus_infinity() {
        assert_eq!(div_s_32(minus(7), 2), minus(3));
        assert_eq!(div_s_64(minus(7), 2), minus(3));
        assert_eq!(rem_s_32(minus(7), 2), minus(1));
        assert_eq!(rem_s_64(minus(7), 2), minus(1));
        assert_eq!(rem_s_64(7, minus(2)), 1);
        assert_eq!(shar_r_32(minus(7), 1), minus(4));
        assert_eq!(shar_r_64(minus(7), 1), minus(4));
    }

    #[test]
    fn counts_are_taken_modulo_the_width() {
        assert_eq!(shlo_l_32(1, 33), 2);
        assert_eq!(shlo_l_64(1, 65), 2);
        assert_eq!(shlo_r_64(4, 1 << 32 | 1), 2);
        assert_eq!(rot_l_64(MIN_64, 65), 1);
        assert_eq!(rot_r_64(1, 65), MIN_64);
        assert_eq!(rot_r_32(1, 33), MIN_32);
    }

    #[test]
    fn upper_halves_of_products() {
        assert_eq!(mul_upper_u_u(MINUS_1, MINUS_1), MINUS_1 - 1);
        assert_eq!(mul_upper_s_s(MINUS_1, MINUS_1), 0);
        assert_eq!(mul_upper_s_u(MINUS_1, MINUS_1), MINUS_1);
        for (a, b) in [(MIN_64, 3), (MIN_64, MINUS_1), (5, MIN_64), (MINUS_1, 2), (0, MINUS_1)] {
            let product = (a as i64 as i128).wrapping_mul(b as i128);
            assert_eq!(mul_upper_s_u(a, b), (product >> 64) as u64);
        }
    }
}

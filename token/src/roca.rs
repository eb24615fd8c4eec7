//! RSA keys whose private half can be found from the public one (CVE-2017-15361, "ROCA").
//!
//! A smart-card library made its primes as powers of 65537 modulo the product of the first primes, plus multiples of
//! that product. The modulus is then a power of 65537 modulo each of them, which of a sound key is next to impossible.

/// Whether a modulus, most significant byte first, bears the mark of that library.
pub(crate) fn is_factorable(modulus: &[u8]) -> bool {
    PRIMES
        .iter()
        .all(|prime| is_power_of_generator(remainder(modulus, *prime), *prime))
}

fn remainder(number: &[u8], prime: u32) -> u32 {
    number
        .iter()
        .fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime)
}

fn is_power_of_generator(value: u32, prime: u32) -> bool {
    let generator = 65_537 % prime;
    let mut power = 1;
    loop {
        if power == value {
            return true;
        }
        power = power * generator % prime;
        if power == 1 {
            return false;
        }
    }
}

/// The odd primes that divide the product for every size of key, and tell a marked modulus from others.
const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_of_65537_bears_the_mark_and_its_neighbours_do_not() {
        // 65537 squared, 65537 itself and 1 are powers modulo every prime.
        for marked in [&[1][..], &[1, 0, 1], &[1, 0, 2, 0, 1]] {
            assert!(is_factorable(marked), "{marked:?}");
        }
        for sound in [&[0][..], &[1, 0, 3], &[0xff; 256]] {
            assert!(!is_factorable(sound), "{sound:?}");
        }
    }
}

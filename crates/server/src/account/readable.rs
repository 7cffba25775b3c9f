//! 128 random bits as a text that survives being read out, copied from paper, and typed in capitals.

/// The 32 digits (Crockford's): no `i`, `l`, `o`, `u`, which look like others.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Digits of a text: five bits each.
const DIGITS_EACH: usize = 26;
/// Digits between two dashes.
const GROUP: usize = 5;

/// Writes them down.
pub fn text(secret: [u8; 16]) -> String {
    let number = u128::from_be_bytes(secret);
    let mut text = String::with_capacity(DIGITS_EACH + DIGITS_EACH / GROUP);
    for place in (0..DIGITS_EACH).rev() {
        let digit = (number >> (place * 5)) as usize & 31;
        text.push(char::from(DIGITS[digit]));
        if place % GROUP == 0 && place > 0 {
            text.push('-');
        }
    }
    text
}

/// Reads them back. Capitals, dashes, spaces and look-alikes do not matter. `None`: the text is none of ours.
pub fn read(text: &str) -> Option<[u8; 16]> {
    let mut number = 0_u128;
    let mut digits = 0;
    for c in text.chars().filter(|c| !matches!(c, '-' | ' ')) {
        let c = match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            c => c,
        };
        let digit = DIGITS.iter().position(|d| char::from(*d) == c)?;
        // 26 digits hold 130 bits: of the first one three of its five are used.
        if digits == DIGITS_EACH || (digits == 0 && digit > 7) {
            return None;
        }
        number = number << 5 | digit as u128;
        digits += 1;
    }
    (digits == DIGITS_EACH).then(|| number.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    /// AUT5: an invite survives being typed; a text that lost or gained a digit is none.
    #[test]
    fn aut5_a_text_has_one_meaning_however_it_is_typed() {
        for seed in 0..1_000 {
            let secret: [u8; 16] = StdRng::seed_from_u64(seed).random();
            let written = text(secret);
            assert_eq!(read(&written), Some(secret), "seed {seed}: {written}");
            let typed = written
                .replace('-', " ")
                .replace('0', "O")
                .replace('1', "l")
                .to_uppercase();
            assert_eq!(read(&typed), Some(secret), "seed {seed}: {typed}");
            assert_eq!(read(&written[1..]), None, "seed {seed}");
            assert_eq!(read(&format!("{written}0")), None, "seed {seed}");
        }
        assert_eq!(text([255; 16]), "7-zzzzz-zzzzz-zzzzz-zzzzz-zzzzz");
        assert_eq!(read(""), None);
        assert_eq!(read("ünicode"), None);
        assert_eq!(read(&"z".repeat(26)), None, "more than 128 bits");
    }
}

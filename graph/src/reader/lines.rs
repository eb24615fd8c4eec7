//! Files with a document a line: long ones in as many pieces as there are processors.

use std::thread;

use memchr::{memchr, memchr_iter};

use super::report::Slot;

/// Some lines of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'t> {
    text: &'t str,
    /// Bytes of the file before it.
    start: usize,
    /// Lines of the file before it.
    before: usize,
}

impl<'t> Piece<'t> {
    /// All lines.
    pub(crate) const fn whole(text: &'t str) -> Self {
        Self {
            text,
            start: 0,
            before: 0,
        }
    }

    /// How many lines it has, but for a last one without an end.
    pub(crate) fn count(self) -> usize {
        memchr_iter(b'\n', self.text.as_bytes()).count()
    }

    /// The lines that hold something, with their places.
    pub(crate) fn lines(self) -> impl Iterator<Item = (Slot, &'t str)> {
        let mut start = self.start;
        self.text
            .split_inclusive('\n')
            .zip(self.before + 1..)
            .filter_map(move |(line, number)| {
                let slot = Slot::Line(number, start);
                start += line.len();
                let line = line.trim_end();
                (!line.is_empty()).then_some((slot, line))
            })
    }
}

/// Works on a file piece by piece, each in a thread of its own; the results are in the order of the pieces.
pub(crate) fn in_pieces<T: Send>(text: &str, work: impl Fn(Piece<'_>) -> T + Sync) -> Vec<T> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = text.len().div_ceil(threads).max(WORTH_A_THREAD);
    let work = &work;
    thread::scope(|scope| {
        let mut pieces = pieces(text, share);
        let last = pieces.pop();
        let begun: Vec<_> = pieces
            .into_iter()
            .map(|piece| scope.spawn(move || work(piece)))
            .collect();
        let last = last.map(work);
        begun
            .into_iter()
            .map(|piece| {
                let done = piece.join();
                done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .chain(last)
            .collect()
    })
}

/// Cuts a text at ends of lines, into pieces of this many bytes or a line more.
fn pieces(text: &str, share: usize) -> Vec<Piece<'_>> {
    let (mut pieces, mut start, mut before) = (Vec::new(), 0, 0);
    while let Some(rest) = text.get(start..).filter(|rest| !rest.is_empty()) {
        let newline = rest
            .as_bytes()
            .get(share..)
            .and_then(|tail| memchr(b'\n', tail));
        let end = newline.map_or(rest.len(), |newline| share + newline + 1);
        let text = rest.get(..end).unwrap_or(rest);
        let piece = Piece {
            text,
            start,
            before,
        };
        pieces.push(piece);
        start += text.len();
        before += piece.count();
    }
    pieces
}

/// Below this many bytes, starting a thread costs more than it saves.
const WORTH_A_THREAD: usize = 1 << 19;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_numbers_and_places_however_a_text_is_cut() {
        let text = "one\n\ntwo \r\nthrée\nfour\n\nfive";
        let whole: Vec<_> = pieces(text, text.len())
            .into_iter()
            .flat_map(Piece::lines)
            .collect();
        assert_eq!(whole.len(), 5);
        assert_eq!(whole.last(), Some(&(Slot::Line(7, 24), "five")));
        for share in 0..text.len() {
            let cut = pieces(text, share).into_iter().flat_map(Piece::lines);
            assert!(cut.eq(whole.iter().copied()), "{share}");
        }
    }
}

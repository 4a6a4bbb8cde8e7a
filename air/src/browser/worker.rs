//! The work of a band's thread on each 20 ms.

use super::frame::{Frame, Header, Kind};
use super::listener::{Listener, Wanted};
use crate::block::Block;
use crate::listen::{Band, Bins, Demodulator, Plans, Transformer, View, Waterfall};
use hyper::body::Bytes;
use std::sync::Arc;

/// Makes the sound and the rows of all listeners of a band.
pub(super) struct Worker {
    plans: Plans,
    /// Taken out while it runs, since it calls back into the rest.
    transformer: Option<Transformer>,
    waterfall: Waterfall,
    served: Vec<Served>,
    frames: u32,
}

/// A listener, with its demodulator and its view.
struct Served {
    listener: Arc<Listener>,
    sound: Option<(Demodulator, u16)>,
    rows: Option<(View, u16)>,
    frames: u32,
    row: u32,
}

/// Frames between two looks at the wishes of listeners: 60 ms. A change of the mode makes new filters, and all listeners
/// may wish for it again and again.
const WISH_FRAMES: u32 = 3;

/// Frames between two levels: five levels a second.
const LEVEL_FRAMES: u32 = 10;

impl Worker {
    pub(super) fn new(band: Band) -> Self {
        let mut plans = Plans::new();
        let transformer = Some(Transformer::new(band, &mut plans));
        Self { plans, transformer, waterfall: Waterfall::new(band), served: Vec::new(), frames: 0 }
    }

    pub(super) fn admit(&mut self, listener: Arc<Listener>) {
        self.served.push(Served { listener, sound: None, rows: None, frames: 0, row: 0 });
    }

    /// Removes listeners that have left. Returns whether none remains.
    pub(super) fn is_deserted(&mut self) -> bool {
        self.served.retain(|served| !served.listener.has_left());
        self.served.is_empty()
    }

    pub(super) fn push(&mut self, block: &Block) {
        let Some(mut transformer) = self.transformer.take() else { return };
        transformer.push(block, |bins| self.frame(bins));
        self.transformer = Some(transformer);
    }

    /// Ends the streams of all listeners.
    pub(super) fn end(&self) {
        self.served.iter().for_each(|served| served.listener.outbox.end());
    }

    fn frame(&mut self, bins: &Bins) {
        let has_row = self.waterfall.push(bins);
        // Most listeners look at the same part.
        let mut rows = Rows { waterfall: &self.waterfall, made: Vec::new() };
        self.frames = self.frames.wrapping_add(1);
        for served in &mut self.served {
            let wanted = if self.frames.is_multiple_of(WISH_FRAMES) { served.listener.change() } else { None };
            if let Some(wanted) = wanted {
                served.set(wanted, &mut self.plans);
            }
            served.sound(bins, &self.waterfall);
            if has_row {
                served.row(bins, &mut rows);
            }
        }
    }
}

impl Served {
    fn set(&mut self, wanted: Wanted, plans: &mut Plans) {
        self.sound = match (self.sound.take(), wanted.sound) {
            (_, None) => None,
            (Some((mut demodulator, _)), Some((tuning, epoch))) => {
                demodulator.retune(tuning, plans);
                Some((demodulator, epoch))
            }
            (None, Some((tuning, epoch))) => Some((Demodulator::new(tuning, plans), epoch)),
        };
        self.rows = wanted.rows;
    }

    fn sound(&mut self, bins: &Bins, waterfall: &Waterfall) {
        let Some((demodulator, epoch)) = &mut self.sound else { return };
        let header = Header { kind: Kind::Audio, epoch: *epoch, number: self.frames, sample: bins.first() };
        let capacity = demodulator.tuning().mode().audio_rate() as usize / 25;
        let (frame, level) = header.with(capacity, |pcm| demodulator.run(bins, waterfall.noise(), pcm));
        self.listener.outbox.put_audio(frame);
        if self.frames.is_multiple_of(LEVEL_FRAMES) {
            self.listener.outbox.put_level(level);
        }
        self.frames = self.frames.wrapping_add(1);
    }

    fn row(&mut self, bins: &Bins, rows: &mut Rows<'_>) {
        let Some((view, epoch)) = &self.rows else { return };
        let header = Header { kind: Kind::Row, epoch: *epoch, number: self.row, sample: bins.first() };
        let (frame, ()): (Frame, ()) = header.with(view.columns(), |row| row.extend_from_slice(&rows.of(view)));
        self.listener.outbox.put_row(frame);
        self.row = self.row.wrapping_add(1);
    }
}

/// The last row, in each view that a listener has asked for.
struct Rows<'a> {
    waterfall: &'a Waterfall,
    made: Vec<(View, Bytes)>,
}

impl Rows<'_> {
    fn of(&mut self, view: &View) -> Bytes {
        if let Some((_, row)) = self.made.iter().find(|(made, _)| made == view) {
            return row.clone();
        }
        let mut row = Vec::with_capacity(view.columns());
        self.waterfall.row(view, &mut row);
        let row = Bytes::from(row);
        self.made.push((view.clone(), row.clone()));
        row
    }
}

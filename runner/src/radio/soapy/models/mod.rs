//! The models. Figures are those of the modules and libraries in Debian 12; `docs/radios.md` tells what follows for those
//! who set one up.

pub(super) mod bladerf;
pub(super) mod generic;
pub(super) mod hackrf;
pub(super) mod lime;
pub(super) mod plutosdr;
pub(super) mod uhd;

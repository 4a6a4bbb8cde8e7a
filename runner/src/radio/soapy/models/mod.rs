//! The models, one file each. The figures hold for the modules and libraries of Debian 12; `docs/radios.md` explains how to
//! set each model up.

mod bladerf;
mod generic;
mod hackrf;
mod lime;
mod plutosdr;
mod uhd;

use super::model::{Model, UsbId};

/// The known models.
pub(super) const ALL: [&Model; 5] = [&hackrf::MODEL, &bladerf::MODEL, &lime::MODEL, &uhd::MODEL, &plutosdr::MODEL];

/// Returns the model that a SoapySDR module drives; the generic one for an unknown module.
pub(super) fn of_module(driver: &str) -> &'static Model {
    ALL.into_iter().find(|model| model.driver == driver).unwrap_or(&generic::MODEL)
}

/// Returns the model with this USB identity.
pub(super) fn of_usb(id: UsbId) -> Option<&'static Model> {
    ALL.into_iter().find(|model| model.usb.contains(&id))
}

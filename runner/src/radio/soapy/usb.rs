//! Radios on the USB, as Linux lists them, also those that no driver can use yet, with the reason.

use super::model::{Images, Model, UsbId};
use super::models;
use crate::radio::FoundDevice;
use nix::unistd::{AccessFlags, access};
use std::path::{Path, PathBuf};

/// The folders in which Linux lists USB devices, and has their files.
const DEVICES: &str = "/sys/bus/usb/devices";
const FILES: &str = "/dev/bus/usb";

/// The folder of SoapySDR's modules, below `lib` of a prefix.
const MODULES: &str = "SoapySDR/modules0.8";

/// The group of radios by the udev rules of Debian's packages.
const GROUP: &str = "plugdev";

/// A radio on the USB.
#[derive(Debug, Clone)]
pub(super) struct UsbRadio {
    pub(super) model: &'static Model,
    id: UsbId,
    pub(super) serial: Option<String>,
    /// The device file; `None` if Linux does not name it.
    file: Option<PathBuf>,
}

/// Lists the radios with a known USB identity.
pub(super) fn radios() -> Vec<UsbRadio> {
    radios_in(Path::new(DEVICES), Path::new(FILES))
}

fn radios_in(devices: &Path, files: &Path) -> Vec<UsbRadio> {
    let Ok(entries) = fs_err::read_dir(devices) else { return Vec::new() };
    let mut radios: Vec<_> = entries.flatten().filter_map(|entry| radio(&entry.path(), files)).collect();
    radios.sort_by(|a, b| a.file.cmp(&b.file));
    radios
}

fn radio(device: &Path, files: &Path) -> Option<UsbRadio> {
    let read = |name: &str| Some(fs_err::read_to_string(device.join(name)).ok()?.trim().to_owned());
    let number = |name: &str| u16::from_str_radix(&read(name)?, 16).ok();
    let id = UsbId { vendor: number("idVendor")?, product: number("idProduct")? };
    let model = models::of_usb(id)?;
    let place = |name: &str| read(name)?.parse::<u16>().ok();
    let file = place("busnum").zip(place("devnum")).map(|(bus, number)| files.join(format!("{bus:03}/{number:03}")));
    Some(UsbRadio { model, id, serial: read("serial"), file })
}

impl UsbRadio {
    /// Returns the problems that keep it from working, each with the way out.
    pub(super) fn problems(&self) -> Vec<String> {
        let missing = [self.module_missing(), self.images_missing(), self.access_missing()];
        missing.into_iter().flatten().collect()
    }

    pub(super) fn describe(&self) -> FoundDevice {
        FoundDevice {
            model: self.model.name.to_owned(),
            serial: self.serial.clone(),
            problems: self.problems(),
            ..FoundDevice::default()
        }
    }

    fn module_missing(&self) -> Option<String> {
        let needs = self.model.needs;
        let found = module_folders().iter().any(|folder| folder.join(needs.module).exists());
        if found {
            return None;
        }
        let way_out = match needs.packages {
            "" => "Debian has no package of it: build it from source".to_owned(),
            packages => format!("sudo apt-get install {packages}"),
        };
        Some(format!("the SoapySDR module {} is not installed: {way_out}", needs.module))
    }

    fn images_missing(&self) -> Option<String> {
        let images = self.model.needs.images?;
        let found = image_folders(images).iter().any(|folder| has_image(folder, images));
        (!found).then(|| format!("the host has no FPGA image for it: {}", images.command))
    }

    fn access_missing(&self) -> Option<String> {
        let file = self.file.as_deref()?;
        let allowed = access(file, AccessFlags::R_OK | AccessFlags::W_OK).is_ok();
        (!allowed && file.exists()).then(|| self.way_to_access(file))
    }

    /// Returns the command that gives access to services and remote users: rules for local seats do not cover them.
    fn way_to_access(&self, file: &Path) -> String {
        let UsbId { vendor, product } = self.id;
        format!(
            "{} may not be used by this user: echo 'SUBSYSTEM==\"usb\", ATTR{{idVendor}}==\"{vendor:04x}\", \
             ATTR{{idProduct}}==\"{product:04x}\", MODE=\"0660\", GROUP=\"{GROUP}\"' | sudo tee -a \
             /etc/udev/rules.d/60-challengectl.rules && sudo udevadm control --reload && sudo udevadm trigger && sudo \
             usermod -aG {GROUP} \"$USER\", then log in again",
            file.display()
        )
    }
}

fn module_folders() -> Vec<PathBuf> {
    let own = std::env::var_os("SOAPY_SDR_PLUGIN_PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&own).collect();
    for prefix in ["/usr/lib", "/usr/local/lib"] {
        folders.push(Path::new(prefix).join(MODULES));
        let below = fs_err::read_dir(prefix).into_iter().flatten().flatten();
        folders.extend(below.map(|entry| entry.path().join(MODULES)));
    }
    folders
}

fn image_folders(images: Images) -> Vec<PathBuf> {
    let own = std::env::var_os(images.variable).map(PathBuf::from);
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".config/Nuand/bladeRF"));
    own.into_iter().chain(home).chain(images.folders.iter().map(PathBuf::from)).collect()
}

fn has_image(folder: &Path, images: Images) -> bool {
    let (begin, end) = images.names;
    let names = fs_err::read_dir(folder).into_iter().flatten().flatten();
    names
        .filter_map(|entry| entry.file_name().into_string().ok())
        .any(|name| name.starts_with(begin) && name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_radio_that_cannot_be_used_is_listed_with_what_mends_it() {
        let folder = tempfile::tempdir().unwrap();
        let device = folder.path().join("1-4");
        fs_err::create_dir_all(&device).unwrap();
        for (name, text) in
            [("idVendor", "2cf0"), ("idProduct", "5250"), ("busnum", "1"), ("devnum", "7"), ("serial", "fa6d")]
        {
            fs_err::write(device.join(name), format!("{text}\n")).unwrap();
        }
        fs_err::create_dir_all(folder.path().join("1-4:1.0")).unwrap();
        let radios = radios_in(folder.path(), Path::new("/nowhere"));
        let [radio] = radios.as_slice() else { panic!("{radios:?}") };
        assert_eq!((radio.model.name, radio.serial.as_deref()), ("bladeRF", Some("fa6d")));
        assert_eq!(radio.file, Some(PathBuf::from("/nowhere/001/007")));
        let problems = radio.problems();
        assert!(
            problems.iter().any(|problem| problem.contains("apt-get install soapysdr-module-bladerf")),
            "{problems:?}"
        );
        assert!(problems.iter().any(|problem| problem.contains("no FPGA image")), "{problems:?}");
        let rule = radio.way_to_access(Path::new("/dev/bus/usb/001/007"));
        assert!(rule.contains("ATTR{idVendor}==\"2cf0\", ATTR{idProduct}==\"5250\""), "{rule}");
    }
}

//! The images that the node has: no test needs a registry.

use super::{Cluster, project};
use crate::programs::{output_of, run};
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::Command;

/// The sample challenge, at port 8080, as a user of its own.
pub const IMAGE: &str = "localhost/challengectl/web-basic-xss:1";
/// nginx, at port 80, whose main process is root and whose worker is not, as in the image of this name.
pub const NGINX: &str = "docker.io/library/nginx:alpine";
/// An application at port 5000 by the name of an image that has none.
pub const PYTHON: &str = "docker.io/library/python:3.9-slim";

impl Cluster {
    /// Gives an image of the node the name `REPOSITORY:1`, which another one may have, and the one by its digest, as a pull does.
    /// Returns the latter.
    pub fn pulled(&self, image: &str, repository: &str) -> Result<String> {
        let named = format!("name=={image}");
        let listed = self.images(&["list", &named])?;
        let digest = listed.split_whitespace().find(|word| word.starts_with("sha256:")).context("no such image")?;
        let by_digest = format!("{repository}@{digest}");
        self.images(&["tag", "--force", image, &format!("{repository}:1"), &by_digest])?;
        Ok(by_digest)
    }

    fn images(&self, arguments: &[&str]) -> Result<String> {
        let socket = self.folder.join("containerd/sock");
        output_of(Command::new("ctr").arg("-a").arg(socket).args(["-n", "k8s.io", "images"]).args(arguments))
    }
}

/// Gives the node of a cluster its images.
pub(super) fn build(cluster: &Cluster) -> Result<()> {
    let httpd = |port| ["/bin/busybox", "httpd", "-f", "-v", "-p", port, "-h", "/www"];
    let sample = project().join("challenges/web-basic-xss");
    make(cluster, IMAGE, "1000:1000", SAMPLE, &sample, &httpd("8080"))?;
    make(cluster, PYTHON, "0:0", SAMPLE, &sample, &httpd("5000"))?;
    let unpacked = project().join(".tools/servers");
    ensure!(unpacked.join("usr/sbin/nginx").exists(), "no nginx; run: scripts/tools.sh documentation");
    make(cluster, NGINX, "0:0", SERVER, &unpacked, &["/usr/sbin/nginx"])
}

const SAMPLE: &str = "mkdir -p bin www && cp $(command -v busybox) bin/busybox && cp -r $0/index.html $0/cgi-bin www \
     && chmod -R a+rX . && chmod 755 bin/busybox www/cgi-bin/sign";

/// The program of Debian's package with its libraries.
const SERVER: &str = "mkdir -p usr/sbin usr/share/nginx var/lib/nginx var/log/nginx etc/nginx run www && cp $0/usr/sbin/nginx usr/sbin \
     && ldd usr/sbin/nginx | grep -o '/[^ )]*' | xargs cp --parents -L -t . \
     && echo 'root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh' >etc/passwd && echo 'root:x:0:\nnogroup:x:65534:' >etc/group \
     && echo '<h1>Welcome to nginx!</h1>' >www/index.html \
     && echo 'user nobody nogroup; worker_processes 1; daemon off; error_log stderr; events {} \
              http { access_log off; server { listen 80; root /www; } }' >etc/nginx/nginx.conf && chmod -R a+rX .";

/// Makes an image of what lines of the shell put into an empty folder; `$0` is the folder `from`.
fn make(cluster: &Cluster, name: &str, user: &str, lines: &str, from: &Path, command: &[&str]) -> Result<()> {
    let files = tempfile::tempdir()?;
    run(Command::new("sh").args(["-ec", lines]).arg(from).current_dir(files.path()))?;
    run(cluster.script("image").arg(name).arg(files.path()).arg(user).args(command)).map(drop)
}

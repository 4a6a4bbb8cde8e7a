#!/usr/bin/env bash
# Builds the programs of a cluster for the tests, from Debian's source package of Kubernetes 1.20.2: no other Debian package
# has them. Needs scripts/tools.sh kubernetes. 10 minutes of processor time.
# scripts/cluster-build.sh [FOLDER]    (/opt/ctf-k8s)
set -euo pipefail

folder=${1:-/opt/ctf-k8s}
version=1.20.2
work=$(mktemp -d /var/tmp/cluster-build.XXXXXX)
trap 'rm -rf "$work"' EXIT
mkdir -p "$folder"

# The source, by a list of sources of its own: hosts seldom have `deb-src`.
mkdir -p "$work"/apt/{lists,cache}/partial
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' | head -n 1)
key=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb-src [signed-by=$key] ${mirror:-http://deb.debian.org/debian} bookworm main" >"$work/apt/sources.list"
of_source=(-qq -o Dir::Etc::sourcelist="$work/apt/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::Lists="$work/apt/lists"
    -o Dir::Cache="$work/apt/cache" -o APT::Sandbox::User=root)
apt-get "${of_source[@]}" update
cd "$work"
apt-get "${of_source[@]}" source --download-only kubernetes
mkdir -p go/src/k8s.io
dpkg-source --no-check -x kubernetes_*.dsc go/src/k8s.io/kubernetes >/dev/null
cd go/src/k8s.io/kubernetes

export PATH=/usr/lib/go-1.19/bin:$PATH HOME=$work GOPATH=$work/go GOCACHE=$work/cache
export GO111MODULE=off GOPROXY=off CGO_ENABLED=0

# The vendored reflect2 1.0.1 panics in the API server when Go is newer than 1.17; Debian's does not.
reflect2=vendor/github.com/modern-go/reflect2
rm "$reflect2"/*
cp /usr/share/gocode/src/github.com/modern-go/reflect2/* "$reflect2/"

# The one generated file that the source package lacks.
go build -o "$work/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
described=$(grep --dereference-recursive --files-with-matches --include='*.go' --exclude-dir=code-generator --exclude-dir=kube-openapi \
    --exclude-dir='sample-*' '+k8s:openapi-gen=' pkg vendor/k8s.io/ | xargs -n 1 dirname | sort -u | sed 's,^,k8s.io/kubernetes/,' | paste -sd ,)
"$work/openapi-gen" --logtostderr --input-dirs "$described" --output-package k8s.io/kubernetes/pkg/generated/openapi \
    --output-file-base zz_generated.openapi --go-header-file vendor/k8s.io/code-generator/hack/boilerplate.go.txt --report-filename /dev/null

flags="-s -w"
for package in component-base/version client-go/pkg/version; do
    of=k8s.io/kubernetes/vendor/k8s.io/$package
    flags+=" -X $of.gitVersion=v$version -X $of.gitMajor=1 -X $of.gitMinor=20"
done
programs=(kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy)
go build -ldflags "$flags" -o "$work/bin/" "${programs[@]/#/./cmd/}"
# All of them, or none.
mv "$work"/bin/* "$folder/"

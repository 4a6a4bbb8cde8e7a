#!/usr/bin/env bash
# A cluster of Kubernetes with one node, for the tests: API server, etcd, controllers, scheduler, kubelet, kube-proxy and
# containerd, in a network and with mounts of their own, so that the host's are left alone. NetworkPolicies are enforced, by
# scripts/cluster-policies.py. As root.
#
# scripts/cluster.sh up FOLDER                            starts it, unless it runs, and waits until its node is ready
# scripts/cluster.sh image FOLDER NAME ROOT USER CMD...   makes an image of the files in ROOT, and gives it to the node
# scripts/cluster.sh enter FOLDER COMMAND...              runs a command in its network; kubectl is its admin
# scripts/cluster.sh second FOLDER                        starts a second node, with the images that the first one has
# scripts/cluster.sh lose FOLDER                          ends the second node with all that runs there, as a power cut does
# scripts/cluster.sh down FOLDER                          ends what `up` has started, with all containers
#
# FOLDER/conf/runner.kubeconfig is the access of the user ctf-runner, who may only do what packaging/kubernetes/rbac.yaml says.
# The programs are those of scripts/cluster-build.sh, in CLUSTER_PROGRAMS (/opt/ctf-k8s).
set -euo pipefail

script=$(readlink -f "$0")
root=$(dirname "$(dirname "$script")")
programs=${CLUSTER_PROGRAMS:-/opt/ctf-k8s}
node=10.99.78.1
pods=10.99.79.0/24
action=${1:?up, image, enter, second, lose or down}
folder=$(realpath -m "${2:?a folder for the cluster}")
# The control group of its pods. kubelet kills what it does not know there: two clusters with one group end each other's pods.
group=kubernetes-${folder##*/}
shift 2

enter() { nsenter -t "$(cat "$folder/pid/holder")" -n -m --wd="$folder" env KUBECONFIG="$folder/conf/admin.kubeconfig" "$@"; }
# Nobody waits for what has ended, so that it stays as a zombie.
alive() { [ -s "$folder/pid/$1" ] && grep -qs '^State:.[^Z]' "/proc/$(cat "$folder/pid/$1")/status"; }
ready() { enter kubectl --request-timeout=5s get node n1 2>/dev/null | grep -qw Ready; }
enforced() { alive policies && enter nft list table ip policies >/dev/null 2>&1; }

# Waits up to 2 minutes until a command succeeds.
until_() {
    for _ in $(seq 240); do
        if "$@"; then return; fi
        sleep 0.5
    done
    echo "cluster.sh: not within 2 minutes: $*; see $folder/log" >&2
    return 1
}

# A certificate: certificate NAME SUBJECT EXTENSIONS
certificate() {
    openssl req -newkey rsa:2048 -nodes -keyout "pki/$1.key" -out "pki/$1.csr" -subj "$2" 2>/dev/null
    openssl x509 -req -in "pki/$1.csr" -CA pki/ca.crt -CAkey pki/ca.key -CAcreateserial -days 30 -out "pki/$1.crt" \
        -extfile <(printf '%b' "$3") 2>/dev/null
}

# The users, each with a token: user NAME USER GROUPS
user() {
    local token
    token=$(openssl rand -hex 16)
    echo "$token,$2,$2,\"${3:-}\"" >>pki/tokens.csv
    cat >"conf/$1.kubeconfig" <<END
apiVersion: v1
kind: Config
current-context: cluster
clusters: [{name: cluster, cluster: {server: "https://127.0.0.1:16443", certificate-authority: $folder/pki/ca.crt}}]
users: [{name: $1, user: {token: $token}}]
contexts: [{name: cluster, context: {cluster: cluster, user: $1}}]
END
}

configure() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout pki/ca.key -out pki/ca.crt -subj /CN=cluster -days 30 2>/dev/null
    openssl genrsa -out pki/accounts.key 2048 2>/dev/null
    openssl rsa -in pki/accounts.key -pubout -out pki/accounts.pub 2>/dev/null
    certificate api /CN=kube-apiserver "subjectAltName=IP:127.0.0.1,IP:10.96.0.1,IP:$node\nextendedKeyUsage=serverAuth"
    certificate kubelet-client /O=system:masters/CN=apiserver 'extendedKeyUsage=clientAuth'
    user admin admin system:masters
    user runner ctf-runner
    user controllers system:kube-controller-manager
    user scheduler system:kube-scheduler
    user proxy system:kube-proxy
    user node system:node:n1 system:nodes
    user second system:node:n2 system:nodes
    # Hosts without CAP_SYS_RESOURCE cannot lower the score of processes for the killer.
    cat >conf/containerd.toml <<END
version = 2
root = "$folder/containerd/root"
state = "$folder/containerd/state"
oom_score = 0
[grpc]
address = "$folder/containerd/sock"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "localhost/pause:1"
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "$folder/cni"
END
    # Without a bridge, all packets from pod to pod pass the filters of the node.
    cat >cni/10-pods.conflist <<END
{"cniVersion": "0.4.0", "name": "pods", "plugins": [
  {"type": "ptp", "ipMasq": true,
   "ipam": {"type": "host-local", "dataDir": "$folder/cni-addresses", "ranges": [[{"subnet": "$pods"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
END
    cat >conf/kubelet.yaml <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $folder/pki/ca.crt}}
authorization: {mode: Webhook}
cgroupDriver: cgroupfs
cgroupRoot: /$group
oomScoreAdj: 0
failSwapOn: false
syncFrequency: 5s
nodeStatusUpdateFrequency: 4s
maxPods: 240
# Images that no pod uses stay, however full the host's disk is: no registry has them.
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
evictionHard: {memory.available: 50Mi, nodefs.available: "1%", imagefs.available: "1%"}
END
    cat >conf/proxy.yaml <<END
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: $folder/conf/proxy.kubeconfig}
mode: iptables
clusterCIDR: $pods
hostnameOverride: n1
oomScoreAdj: 0
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
END
}

# In the new network and mounts: run NAME COMMAND...
run() {
    "${@:2}" >>"log/$1" 2>&1 </dev/null &
    echo $! >"pid/$1"
}

# kubelet NODE ADDRESS FOLDER KUBECONFIG CONFIG
run_kubelet() {
    run "kubelet-$1" "$programs/kubelet" --kubeconfig="$4" --config="$5" --container-runtime=remote \
        --container-runtime-endpoint="unix://$3/containerd/sock" --hostname-override="$1" --node-ip="$2" \
        --root-dir="$3/kubelet" --cert-dir="$3/kubelet/pki" --pod-infra-container-image=localhost/pause:1
}

# A control group, in each hierarchy of version 1; version 2 has one hierarchy.
make_group() {
    if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
        mkdir -p "/sys/fs/cgroup/$1"
    else
        for hierarchy in /sys/fs/cgroup/*/; do mkdir -p "$hierarchy$1"; done
    fi
}

serve() {
    cd "$folder"
    mkdir -p pki conf log pid cni containerd kubelet sys
    # A /sys of this network, with the control groups of the host.
    mkdir -p cg
    mount --rbind /sys/fs/cgroup cg
    mount -t sysfs sysfs /sys
    mount --rbind cg /sys/fs/cgroup
    make_group "$group"
    # kubelet writes these, whether they are as it wants them or not.
    for setting in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes; do
        cat "/proc/sys/$setting" >"sys/${setting//\//_}"
        mount --bind "sys/${setting//\//_}" "/proc/sys/$setting"
    done
    mount --make-rshared /
    ip link set lo up
    ip link add node0 type bridge
    ip address add "$node/24" dev node0
    ip link set node0 up
    ip route add default dev node0
    # What policies refuse is answered each time, and not six times and then once a second.
    sysctl -qw net.ipv4.ip_forward=1 net.ipv4.icmp_ratelimit=0
    configure
    run etcd etcd --data-dir etcd --unsafe-no-fsync --listen-client-urls http://127.0.0.1:23790 \
        --advertise-client-urls http://127.0.0.1:23790 --listen-peer-urls http://127.0.0.1:23800 \
        --initial-advertise-peer-urls http://127.0.0.1:23800 --initial-cluster default=http://127.0.0.1:23800
    run api "$programs/kube-apiserver" --etcd-servers=http://127.0.0.1:23790 --bind-address=0.0.0.0 --advertise-address=$node \
        --secure-port=16443 --tls-cert-file=pki/api.crt --tls-private-key-file=pki/api.key --client-ca-file=pki/ca.crt \
        --kubelet-client-certificate=pki/kubelet-client.crt --kubelet-client-key=pki/kubelet-client.key \
        --kubelet-preferred-address-types=InternalIP --token-auth-file=pki/tokens.csv --authorization-mode=Node,RBAC \
        --enable-admission-plugins=NodeRestriction --service-account-issuer=https://kubernetes.default.svc \
        --service-account-key-file=pki/accounts.pub --service-account-signing-key-file=pki/accounts.key \
        --service-cluster-ip-range=10.96.0.0/16 --allow-privileged=true
    run containerd containerd -c conf/containerd.toml
    # Controllers give up where the API has not made the roles of its own programs yet.
    until is_ready; do sleep 0.2; done
    # Before there can be pods.
    run policies /usr/bin/python3 "${script%/*}/cluster-policies.py" "$folder" "$pods"
    run controllers "$programs/kube-controller-manager" --kubeconfig=conf/controllers.kubeconfig --leader-elect=false \
        --use-service-account-credentials --service-account-private-key-file=pki/accounts.key --root-ca-file=pki/ca.crt \
        --cluster-signing-cert-file=pki/ca.crt --cluster-signing-key-file=pki/ca.key \
        --allocate-node-cidrs --cluster-cidr="$pods" --node-cidr-mask-size=24
    run scheduler "$programs/kube-scheduler" --kubeconfig=conf/scheduler.kubeconfig --leader-elect=false
    run_kubelet n1 $node "$folder" conf/node.kubeconfig conf/kubelet.yaml
    run proxy "$programs/kube-proxy" --config=conf/proxy.yaml
    run balancer "$script" balance "$folder"
    touch started
    exec sleep infinity
}

# The second node is another kubelet with another containerd, in the network of the first: pods reach each other as on one.
serve_second() {
    cd "$folder"
    local own=$folder/second address=${node%.*}.2
    mkdir -p "$own/containerd" "$own/kubelet"
    make_group "$group-second"
    ip address replace "$address/24" dev node0
    sed "s#$folder/containerd#$own/containerd#" conf/containerd.toml >conf/containerd-second.toml
    {
        sed "s#/$group#/$group-second#" conf/kubelet.yaml
        printf 'port: 10350\nhealthzPort: 10348\n'
    } >conf/kubelet-second.yaml
    run containerd-second containerd -c conf/containerd-second.toml
    until ctr -a "$own/containerd/sock" version >/dev/null 2>&1; do sleep 0.2; done
    ctr -a "$folder/containerd/sock" -n k8s.io images list -q | grep -v ^sha256 |
        xargs ctr -a "$folder/containerd/sock" -n k8s.io images export "$own/images.tar"
    ctr -a "$own/containerd/sock" -n k8s.io images import "$own/images.tar" >/dev/null
    rm "$own/images.tar"
    run_kubelet n2 "$address" "$own" conf/second.kubeconfig conf/kubelet-second.yaml
}

second_is_ready() { enter kubectl --request-timeout=5s get node n2 2>/dev/null | grep -qw Ready; }

lose() {
    for name in kubelet-n2 containerd-second; do
        if alive $name; then kill -KILL "$(cat "$folder/pid/$name")"; fi
    done
    pkill -KILL -f -- "-address $folder/second/containerd/sock" || true
    # What the power cut ends.
    find /sys/fs/cgroup -path "*/$group-second/*" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -u |
        xargs -r kill -KILL 2>/dev/null || true
}

is_ready() {
    local token
    token=$(grep ,admin, pki/tokens.csv | cut -d , -f 1)
    [ "$(curl -s -m 5 --cacert pki/ca.crt -H "Authorization: Bearer $token" https://127.0.0.1:16443/readyz)" = ok ]
}

# In the place of a load balancer: gives each Service the address that it asks for. Packets to it are led by kube-proxy, as
# from any balancer.
balance() {
    cd "$folder"
    local token api=https://127.0.0.1:16443/api/v1 asked='.spec.loadBalancerIP // .metadata.annotations["metallb.universe.tf/loadBalancerIPs"]'
    token=$(grep ,admin, pki/tokens.csv | cut -d , -f 1)
    call() { curl -sS --cacert pki/ca.crt -H "Authorization: Bearer $token" "$@"; }
    while sleep 1; do
        call -N "$api/services?watch=true" |
            jq -r --unbuffered ".object | select(.spec.type == \"LoadBalancer\" and .status.loadBalancer.ingress == null)
                | [.metadata.namespace, .metadata.name, ($asked // empty)] | @tsv" |
            while read -r namespace name address; do
                call -X PATCH -H 'Content-Type: application/merge-patch+json' -o /dev/null \
                    -d "{\"status\": {\"loadBalancer\": {\"ingress\": [{\"ip\": \"$address\"}]}}}" \
                    "$api/namespaces/$namespace/services/$name/status"
            done
    done
}

# An archive as `docker save` writes it.
image() {
    local name=$1 files=$2 user=$3 work digest command
    shift 3
    work=$(mktemp -d)
    tar --sort=name --numeric-owner --owner=0 --group=0 -C "$files" -cf "$work/layer.tar" .
    digest=$(sha256sum "$work/layer.tar" | cut -d ' ' -f 1)
    command=$(printf '%s\n' "$@" | jq -R . | jq -sc .)
    jq -nc --arg digest "sha256:$digest" --arg user "$user" --argjson command "$command" \
        '{architecture: "amd64", os: "linux", config: {User: $user, Cmd: $command, Env: ["PATH=/bin"]}, rootfs: {type: "layers", diff_ids: [$digest]}}' \
        >"$work/config.json"
    jq -nc --arg name "$name" '[{Config: "config.json", RepoTags: [$name], Layers: ["layer.tar"]}]' >"$work/manifest.json"
    tar -C "$work" -cf "$work/image.tar" manifest.json config.json layer.tar
    ctr -a "$folder/containerd/sock" -n k8s.io images import "$work/image.tar" >/dev/null
    rm -r "$work"
}

# The image that holds the network of a pod.
pause() {
    local work
    work=$(mktemp -d)
    echo 'int pause(void); int main(void) { for (;;) pause(); }' | gcc -static -O2 -x c -o "$work/pause" -
    image localhost/pause:1 "$work" 65535:65535 /pause
    rm -r "$work"
}

up() {
    if alive holder && ready; then
        enforced && return
        echo "cluster.sh: policies are enforced no longer: $(tail -n 1 "$folder/log/policies")" >&2
        exit 1
    fi
    [ "$(id -u)" = 0 ] || { echo "cluster.sh: a cluster of its own needs root" >&2; exit 1; }
    [ -x "$programs/kubelet" ] || { echo "cluster.sh: no programs in $programs; run: make cluster" >&2; exit 1; }
    mkdir -p "$folder/log" "$folder/pid"
    setsid unshare -n -m "$script" serve "$folder" >>"$folder/log/serve" 2>&1 </dev/null &
    echo $! >"$folder/pid/holder"
    until_ test -e "$folder/started"
    until_ ctr -a "$folder/containerd/sock" version >/dev/null 2>&1
    pause
    until_ ready
    until_ enforced
    enter kubectl apply -f "$root/packaging/kubernetes/rbac.yaml" >/dev/null
    enter kubectl create clusterrolebinding ctf-runner --clusterrole=challengectl-runner --user=ctf-runner >/dev/null
}

down() {
    [ -d "$folder/pid" ] || return 0
    local containers=(ctr -a "$folder/containerd/sock" -n k8s.io)
    lose
    for name in balancer policies kubelet-n1 proxy scheduler controllers api; do
        if alive $name; then kill "$(cat "$folder/pid/$name")" || true; fi
    done
    "${containers[@]}" tasks list -q 2>/dev/null | xargs -r -n 1 "${containers[@]}" tasks kill -s KILL 2>/dev/null || true
    for _ in $(seq 20); do
        "${containers[@]}" containers list -q 2>/dev/null | xargs -r -n 1 "${containers[@]}" containers delete 2>/dev/null || true
        [ -n "$("${containers[@]}" containers list -q 2>/dev/null)" ] || break
        sleep 0.5
    done
    for name in api etcd containerd holder; do
        if alive $name; then kill -KILL "$(cat "$folder/pid/$name")" || true; fi
    done
    for name in "$group" "$group-second"; do
        find /sys/fs/cgroup -depth -type d \( -path "*/$name" -o -path "*/$name/*" \) -exec rmdir {} + 2>/dev/null || true
    done
    rm -rf "$folder" || true
}

case $action in
up) up ;;
serve) serve ;;
balance) balance ;;
image) image "$@" ;;
enter) enter "$@" ;;
second)
    enter "$script" serve_second "$folder"
    until_ second_is_ready
    ;;
serve_second) serve_second ;;
lose) lose ;;
down) down ;;
*) echo "cluster.sh: up, image, enter, second, lose or down, not $action" >&2; exit 2 ;;
esac

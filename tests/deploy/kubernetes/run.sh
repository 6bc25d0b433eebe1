#!/usr/bin/env bash
# `make kubernetes-test`: installs the chart on a real cluster of one node, which is started for the test and ended with it.
#
# Kubernetes' own programs are taken from KUBERNETES_BIN, or the PATH; the rest is Debian's. The images are built, by the Docker engine that
# answers. Everything runs in a network, a process tree and mounts of its own, so that nothing reaches the network and nothing is left.
set -euo pipefail
cd "$(dirname "$0")/../../.."
export PATH="${KUBERNETES_BIN:+$KUBERNETES_BIN:}/usr/bin:$PATH:/usr/sbin:/sbin"
own=(kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy)
debian=(etcd containerd ctr runc dnsmasq iptables ip openssl curl sysctl unshare)

missing=()
for program in "${own[@]}"; do command -v "$program" >/dev/null || missing+=("$program"); done
if [ "${#missing[@]}" -gt 0 ]; then
    echo "not there: ${missing[*]}. Put them into a folder and name it in KUBERNETES_BIN: a release's server binaries have" >&2
    echo "them (https://kubernetes.io/releases/download). 1.34 is the last that takes the containerd of Debian 12." >&2
    exit 2
fi
for program in "${debian[@]}"; do command -v "$program" >/dev/null || missing+=("$program"); done
[ -x /usr/lib/cni/bridge ] || missing+=(/usr/lib/cni/bridge)
if [ "${#missing[@]}" -gt 0 ]; then
    echo "not there: ${missing[*]}. Debian's packages: etcd-server containerd runc dnsmasq-base iptables iproute2 openssl curl procps" >&2
    echo "util-linux containernetworking-plugins" >&2
    exit 2
fi
[ "$(id -u)" = 0 ] || { echo "needs root: a kubelet and its containers do" >&2; exit 2; }
docker info >/dev/null 2>&1 || { echo "no Docker engine answers, which builds the images: see docs/containers.md" >&2; exit 2; }
tools=$(.venv/bin/python deploy/tools/kubernetes_tools.py)

work=$(mktemp -d)
# A kubelet sets these of the kernel, and makes cgroups: what was there before is there afterwards.
kernel=$(sysctl vm.overcommit_memory vm.panic_on_oom kernel.panic kernel.panic_on_oops kernel.keys.root_maxkeys kernel.keys.root_maxbytes | tr -d ' ')
left() {
    # shellcheck disable=SC2086 # a list
    sysctl --quiet --write $kernel || true
    find /sys/fs/cgroup -depth -type d -path '*/kubepods*' -exec rmdir {} + 2>/dev/null || true
    rm -rf "$work"
}
trap left EXIT
given=$(.venv/bin/python -c 'from relevo_testing.containers import KAFKA_IMAGE, POSTGRES_IMAGE; print(KAFKA_IMAGE, POSTGRES_IMAGE)')
base=$(sed -n 's/^ARG BASE=//p' deploy/Dockerfile)
TAG=test deploy/images.sh
images=(relevo-test/sandbox:test)
printf 'FROM %s\nUSER 65532\nENTRYPOINT ["sleep", "infinity"]\n' "$base" | docker build --quiet --tag "${images[0]}" - >/dev/null
for service in ingest engine scheduler notifier control relevo; do
    # Under the name that docs/kubernetes.md has, once as the release that is installed and once as the one that follows.
    for tag in "$(sed -n 's/^appVersion: "\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' deploy/chart/Chart.yaml)" 0.2.0; do
        docker tag "relevo/$service:test" "registry.example.com/relevo/$service:$tag"
        images+=("registry.example.com/relevo/$service:$tag")
    done
done
# shellcheck disable=SC2086 # two names
docker save --output "$work/images.tar" "${images[@]}" $given

export RELEVO_HELM="$tools/helm" RELEVO_TEST_IMAGES="$work/images.tar" TMPDIR="$work" PATH="$tools:$PATH"
unshare --net --mount --pid --ipc --uts --fork --kill-child --mount-proc bash -euc '
    mount -t tmpfs tmpfs /run
    ip link set lo up
    .venv/bin/python -m pytest tests/deploy/on_kubernetes.py "$@"' bash "$@"

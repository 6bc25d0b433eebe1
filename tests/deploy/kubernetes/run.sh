#!/usr/bin/env bash
# `make kubernetes-test`: installs the chart on a real cluster of two nodes, which is started for the test and ended with it.
#
# Kubernetes' own programs are taken from KUBERNETES_BIN, or the PATH; the rest is Debian's. The images are those of RELEVO_TEST_IMAGES, or built by
# a Docker engine, which has ended when the test begins if it was started for it. Everything runs in networks, a process tree and mounts of its
# own, so that nothing reaches the network and nothing is left. What needs a program that is not there is left out, and named.
set -euo pipefail
cd "$(dirname "$0")/../../.."
export PATH="${KUBERNETES_BIN:+$KUBERNETES_BIN:}/usr/bin:$PATH:/usr/sbin:/sbin"
own=(kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy)
debian=(etcd containerd ctr runc dnsmasq iptables ip openssl curl sysctl unshare nsenter)

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
tools=$(.venv/bin/python deploy/tools/kubernetes_tools.py)

without=()
leave_out() { # PROGRAM WHAT TEST: what is not tried without a program
    command -v "$1" >/dev/null && return
    echo "NOT RUN, for want of $1: $2" >&2
    without+=(--deselect "tests/deploy/on_kubernetes.py::test_$3")
}
leave_out kube-router "network policies at work" network_policies_let_through_what_is_needed_and_nothing_else
leave_out metrics-server "autoscaling by CPU" engines_grow_by_cpu
if command -v kube-router >/dev/null && ! command -v ipset >/dev/null; then
    echo "not there: ipset, which kube-router needs. Debian's package: ipset" >&2
    exit 2
fi

work=$(mktemp -d)
# A kubelet sets these of the kernel, and makes cgroups: what was there before is there afterwards.
kernel=$(sysctl vm.overcommit_memory vm.panic_on_oom kernel.panic kernel.panic_on_oops kernel.keys.root_maxkeys kernel.keys.root_maxbytes | tr -d ' ')
left() {
    # shellcheck disable=SC2086 # a list
    sysctl --quiet --write $kernel || true
    find /sys/fs/cgroup -depth -type d -path "*/relevo-test-$$-*" -exec rmdir {} + 2>/dev/null || true
    rm -rf "$work"
}
trap left EXIT
if [ -n "${RELEVO_TEST_IMAGES:-}" ]; then
    RELEVO_TEST_IMAGES=$(realpath -e "$RELEVO_TEST_IMAGES")
else
    RELEVO_TEST_IMAGES=$work/images.tar
    RELEVO_TEST_IMAGES=$RELEVO_TEST_IMAGES RELEVO_REQUIRE_DOCKER=1 deploy/local-images/try.sh kubernetes-images
fi

export RELEVO_HELM="$tools/helm" RELEVO_TEST_IMAGES RELEVO_TEST_CLUSTER=$$ TMPDIR="$work" PATH="$tools:$PATH"
unshare --net --mount --pid --ipc --uts --fork --kill-child --mount-proc bash -euc '
    mount -t tmpfs tmpfs /run
    ip link set lo up
    printf "nameserver 192.0.2.254\nsearch svc.cluster.local\n" >/run/resolv.conf # the cluster has names for what runs beside its pods, too
    mount --bind /run/resolv.conf /etc/resolv.conf
    .venv/bin/python -m pytest tests/deploy/on_kubernetes.py "$@"' bash "${without[@]}" "$@"

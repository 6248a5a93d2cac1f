#!/usr/bin/env bash
# A Ceph RGW on loopback, all in memory and in one folder: one monitor, one OSD, one gateway. It says "ready" when the
# gateway answers, and ends, with all that it has started, when its standard input does.
#
#   start.sh FOLDER MON_PORT RGW_PORT ACCESS_KEY SECRET_KEY
set -euo pipefail
dir=$1 mon=$2 rgw=$3 access=$4 secret=$5
trap 'trap - EXIT; kill -KILL $(jobs -p) 2>/dev/null || true; wait' EXIT
mkdir -p "$dir"/{mon,osd,run}
cd "$dir"
export CEPH_CONF=$dir/ceph.conf
cat >ceph.conf <<CONF
[global]
fsid = 6a1b0e2a-1b7e-4c11-9f0e-6d0f7f5d1a01
mon_host = [v2:127.0.0.1:$mon]
public_addr = 127.0.0.1
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
keyring = $dir/keyring
run_dir = $dir/run
admin_socket = $dir/run/\$name.sock
log_file = $dir/\$name.log
crash_dir = $dir/run
osd_pool_default_size = 1
osd_pool_default_min_size = 1
mon_allow_pool_size_one = true
mon_warn_on_pool_no_redundancy = false
osd_pool_default_pg_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_data = $dir/mon
osd_data = $dir/osd
osd_objectstore = memstore
memstore_device_bytes = 1073741824
ms_bind_msgr1 = false
rgw_frontends = beast endpoint=127.0.0.1:$rgw
rgw_enable_usage_log = false
rgw_run_sync_thread = false
rgw_enable_lc_threads = false
rgw_enable_gc_threads = false
rgw_dns_name = localhost
CONF
ceph-authtool --create-keyring keyring --gen-key -n mon. --cap mon 'allow *' >/dev/null
ceph-authtool keyring --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *' >/dev/null
ceph-authtool keyring --gen-key -n osd.0 --cap mon 'allow profile osd' --cap osd 'allow *' >/dev/null
monmaptool --create --clobber --addv a "[v2:127.0.0.1:$mon]" --fsid 6a1b0e2a-1b7e-4c11-9f0e-6d0f7f5d1a01 monmap >/dev/null
ceph-mon --mkfs -i a --monmap monmap --keyring keyring
ceph-mon -f -i a &
id=$(cat /proc/sys/kernel/random/uuid)
ceph --connect-timeout 60 osd new "$id" 0 >/dev/null
ceph auth import -i keyring 2>/dev/null
ceph-osd -i 0 --mkfs --osd-uuid "$id"
ceph-osd -f -i 0 &
radosgw -f -n client.admin &
radosgw-admin user create --uid airlift --display-name airlift --access-key "$access" --secret-key "$secret" >user.json
until (exec 3<>"/dev/tcp/127.0.0.1/$rgw") 2>/dev/null; do sleep 0.2; done
echo ready
cat >/dev/null

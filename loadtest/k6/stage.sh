# What loadtest/run starts, measures and stops. Sourced; everything is on loopback, in a temporary folder, and ends by its own id.

fail() { echo "loadtest/run: $*" >&2; exit 1; }

# k6 of one version, built once.
K6=go.k6.io/k6@v1.8.1
install_k6() {
    local tools="${CROSSGATE_TOOLS:-target/tools}"
    k6="$tools/k6"
    [[ -x $k6 ]] && return
    command -v go >/dev/null || fail 'install Go first, k6 is built with it'
    mkdir -p "$tools"
    echo 'building k6, once' >&2
    GOBIN="$(realpath "$tools")" go install "$K6"
}

# The gateway has the first core that this shell may use, everything else the others: what the load costs is not the gateway's.
share_cores() {
    local all
    all="$(taskset -pc $$ | sed 's/.*: //' | tr ',' '\n' |
        awk -F- '{ for (core = $1; core <= ($2 == "" ? $1 : $2); core++) print core }')"
    proxy_core="$(head -n 1 <<<"$all")"
    load_cores="$(tail -n +2 <<<"$all" | paste -sd,)"
    load_count="$(tail -n +2 <<<"$all" | grep -c . || true)"
    if ((load_count == 0)); then
        echo 'loadtest/run: only one core: the load takes from what it measures' >&2
        load_cores=$proxy_core load_count=1
    fi
    taskset -pc "$load_cores" $$ >/dev/null
}

# Below the range that systems hand out by themselves; whoever is started says so if somebody else holds one all the same.
free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 10000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    echo "$port"
}
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Waits until the command succeeds, for as long as the process lives.
until_ok() {
    local what=$1 process=$2
    shift 2
    for _ in $(seq 300); do
        "$@" && return
        kill -0 "$process" 2>/dev/null || break
        sleep 0.1
    done
    tail -n 20 "$work/log" >&2
    fail "$what does not come up"
}

# Asks a process that this script has started to end, and ends it where it does not.
stop() {
    [[ -n $1 ]] || return 0
    kill -TERM "$1" 2>/dev/null || true
    for _ in $(seq 100); do
        kill -0 "$1" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}
gateway='' bare='' app='' slow_app='' wrk='' changer='' load=''
stop_all() {
    local process
    # k6 would finish what it has under way; nobody reads its summary any more.
    [[ -z $load ]] || kill -KILL "$load" 2>/dev/null || true
    for process in "$load" "$changer" "$wrk" "$bare" "$gateway" "$app" "$slow_app"; do stop "$process"; done
    gateway='' bare='' app='' slow_app='' wrk='' changer='' load=''
}

start_node_app() {
    command -v node >/dev/null || fail 'install Node.js first, it is the slow app'
    node loadtest/k6/upstream.mjs "$1" >>"$work/log" 2>&1 &
}

# nginx where it is installed: it leaves more of the core to k6.
start_app() {
    app_port="$(free_port)"
    if command -v nginx >/dev/null; then
        mkdir -p "$work/nginx"
        cat >"$work/nginx/nginx.conf" <<CONF
daemon off; master_process off; pid nginx.pid; error_log stderr crit;
events { worker_connections 4096; }
http {
    access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; large_client_header_buffers 8 64k;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    server { listen 127.0.0.1:$app_port backlog=4096; location / { return 200 "$(printf 'x%.0s' $(seq 1024))"; } }
}
CONF
        nginx -p "$work/nginx" -c nginx.conf >>"$work/log" 2>&1 &
    else
        start_node_app "$app_port"
    fi
    app=$!
    until_ok 'the app' "$app" listens "$app_port"
}

# Sets the stage anew but for keys, tokens and policy, and starts the gateway on it; lines for its configuration may be given.
start_gateway() {
    local more="${1:-}"
    gateway_port="$(free_port)" metrics_port="$(free_port)"
    "$stage" "$site" --keep --listen "127.0.0.1:$gateway_port" --metrics "127.0.0.1:$metrics_port" \
        --admin "127.0.0.1:$(free_port)" --upstream "http://127.0.0.1:$app_port" --apps 2 --workers 1 ||
        fail 'the stage is not set'
    if [[ -n ${slow_port:-} ]]; then
        sed -i "/name = \"app 2\"/,\$ s|^upstreams = .*|upstreams = [\"http://127.0.0.1:$slow_port\"]|" "$site/crossgate.toml"
    fi
    echo "$more" >>"$site/crossgate.toml"
    taskset -c "$proxy_core" "$crossgate" run --config "$site/crossgate.toml" >>"$work/log" 2>&1 &
    gateway=$!
    until_ok 'the gateway' "$gateway" curl -sf -o "$work/ready" "http://127.0.0.1:$metrics_port/readyz"
    target="http://127.0.0.1:$gateway_port"
}

start_bare() {
    bare_port="$(free_port)"
    taskset -c "$proxy_core" "$crossgate_bare" "127.0.0.1:$bare_port" "127.0.0.1:$app_port" >>"$work/log" 2>&1 &
    bare=$!
    until_ok 'bare pingora' "$bare" listens "$bare_port"
}

# Seconds of CPU that a process has used, and that k6 has: it is the only child that ends while something is measured and costs anything.
used() { awk -v tick="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); printf "%.2f", ($12 + $13) / tick }' "/proc/$1/stat"; }
used_by_k6() {
    # Not in a subshell, which has other children.
    times >"$work/times"
    k6_used="$(awk -F'[ms ]+' 'NR == 2 { printf "%.2f", 60 * $1 + $2 + 60 * $3 + $4 }' "$work/times")"
}

# Starts k6 with a script of loadtest/k6 and what it shall know, and waits for it. Then `spent` holds the seconds of CPU that the proxy,
# k6 and the app used, and the seconds it took.
attack() {
    local script=$1 proxy=$2 status=0
    shift 2
    local begun=$EPOCHREALTIME proxy_begun app_begun k6_begun
    proxy_begun="$(used "$proxy")" app_begun="$(used "$app")"
    used_by_k6
    k6_begun=$k6_used
    env K6_AUTO_EXTENSION_RESOLUTION=false STAGE="$site" TARGET="$target" METRICS="http://127.0.0.1:$metrics_port" "$@" \
        "$k6" run --quiet --no-usage-report --address '' --log-output "file=$work/k6.log,level=error" "loadtest/k6/$script.js" &
    load=$!
    wait "$load" || status=$?
    load=''
    # With a bound that is broken, it ends with 99 and the summary names it.
    ((status == 0 || status == 99)) || tail -n 20 "$work/k6.log" >&2
    local ended=$EPOCHREALTIME
    used_by_k6
    if ! { kill -0 "$proxy" && kill -0 "$app"; } 2>/dev/null; then
        tail -n 20 "$work/log" >&2
        echo 'loadtest/run: the proxy or the app has ended' >&2
        return 1
    fi
    spent="$(echo "$proxy_begun $(used "$proxy") $k6_begun $k6_used $app_begun $(used "$app") $begun $ended" |
        awk '{ printf "%.2f %.2f %.2f %.2f", $2 - $1, $4 - $3, $6 - $5, $8 - $7 }')"
    return "$status"
}

resident() { awk '/^VmRSS:/ { printf "%.1f", $2 / 1024 }' "/proc/$gateway/status"; }

# Puts a file in place of another in one step.
put() { cp "$1" "$2.new" && mv "$2.new" "$2"; }

# The first guest's partner, let in and blocked in turn.
prepare_policies() {
    local claims partner
    claims="$(head -n 1 "$site/tokens/good" | cut -d. -f2 | tr '_-' '/+')"
    while ((${#claims} % 4)); do claims+='='; done
    partner="$(base64 -d <<<"$claims" | sed -n 's|.*"idp":"https://[^/]*/\([0-9a-f-]*\)/.*|\1|p')"
    [[ -n $partner ]] || fail 'the first token names no home organisation'
    cp "$site/policy/partners.jsonl" "$work/open.jsonl"
    local half='"applications":{"accessType":"blocked","targets":[{"target":"AllApplications","targetType":"application"}]}'
    half+=',"usersAndGroups":{"accessType":"blocked","targets":[{"target":"AllUsers","targetType":"user"}]}'
    sed "/$partner/c {\"tenantId\":\"$partner\",\"b2bCollaborationInbound\":{$half}}" "$work/open.jsonl" >"$work/blocked.jsonl"
}
# Waits in a process that runs beside k6, and leaves nothing behind when that is stopped.
pause() { sleep "$1" & trap 'kill $!; exit' TERM; wait $!; }
# Changes the policy again and again, this many milliseconds apart by the clock, however long a change takes.
change_policy() {
    local version due now
    due=$((${EPOCHREALTIME/./} / 1000))
    while :; do
        for version in blocked open; do
            put "$work/$version.jsonl" "$site/policy/partners.jsonl"
            due=$((due + $1)) now=$((${EPOCHREALTIME/./} / 1000))
            ((due <= now)) || pause "$(printf '%d.%03d' $(((due - now) / 1000)) $(((due - now) % 1000)))"
        done
    done
}
# Publishes the second key beside the first after some seconds, and takes the first back after some more.
rotate_keys() {
    pause "$1"
    put "$site/keys/both.json" "$site/keys/published.json"
    kill -HUP "$gateway"
    pause "$2"
    put "$site/keys/second.json" "$site/keys/published.json"
    kill -HUP "$gateway"
}

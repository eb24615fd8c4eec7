# The knee: requests a second at which the p99 passes 10 ms, of the gateway and of bare pingora, in turn on the same core. Sourced by
# loadtest/run.
#
# A request costs k6 about 100 us of CPU and a proxy about 25, so on two cores k6 would give in first. Therefore the proxies get a part of
# their core only: they run in the idle scheduling class, and a process of the normal class takes the core from them in turns of less than
# two milliseconds. That makes it an eighth as fast a core, not one that stops for long. Both contenders get the same part, a request's
# cost is what it was (but for somewhat colder caches, which both have), and latencies well below 10 ms stay below: the knee is the
# proxy's, and the ratio is that of whole cores. It leans against the gateway if anything: what it does without requests (a thousandth
# of a core more than bare pingora) weighs eightfold. Each further core for k6 makes the part an eighth larger; from nine cores on the
# proxies have a core of their own.
#
# A step counts as too steep only if the proxy used what it had, and at all only if it had its part and no more. Where not, k6 or something
# else on the machine took the time: the step is done again, and after three such steps there is no result and the run fails.

LIMIT=10
# Of the rate: how closely the knee is found.
CLOSE=0.02
# Per cent of its part that a proxy uses when it can do no more; what the part is short of whole is slices that begin late.
FULL=75
# Per cent of their cores beyond which k6 and the app may be what is slow.
BUSY=85

# One step for a contender. Sets `p99`; `over` and `fair`, 0 or 1: too steep, and with its part and no more; `proxy` and `others`, what
# the proxy used of its part and k6 and the app of their cores, in per cent.
step() {
    local who=$1 rate=$2 reached failed hog_begun=0 hog_ended=0
    local -n process=$who port="${who}_port"
    target="http://127.0.0.1:$port"
    [[ -z $hog ]] || hog_begun="$(used "$hog")"
    attack knee "$process" RATE="$rate" SECONDS="$step_seconds" STEP="$work/step" || return
    [[ -z $hog ]] || hog_ended="$(used "$hog")"
    read -r p99 reached failed <"$work/step"
    over="$(calculate "$p99 > $LIMIT || $reached < 0.98 * $rate || $failed > 0")"
    local proxy_used others_used k6_used app_used took
    read -r proxy_used k6_used app_used took <<<"$spent"
    others_used="$(calculate "$k6_used + $app_used")"
    # k6 needs a moment before it begins, in which only the other process runs.
    proxy="$(calculate "int(100 * $proxy_used / ($step_seconds + 1) / $part)")"
    others="$(calculate "int(100 * $others_used / ($step_seconds + 1) / $load_count)")"
    local left
    left="$(calculate "1 - ($hog_ended - $hog_begun) / $took")"
    fair="$(calculate "$part == 1 || ($left > 0.8 * $part && $left < 1.2 * $part)")"
    printf '  %-8s %6d/s  p99 %8.2f ms  reached %6.0f/s  failed %d   proxy %3d %% of its part, k6 and app %3d %%%s\n' \
        "$who" "$rate" "$p99" "$reached" "$failed" "$proxy" "$others" "$( ((fair)) || echo '   not its part')"
}
calculate() { awk "BEGIN { print ($1) }"; }

# Halves the way between the highest rate that holds and the lowest that does not, for both in turn. Sets `knee`.
find_knees() {
    local -A low=() high=() low_p99=() high_p99=() next=() disturbed=()
    local who first=$1 going=1
    shift
    for who; do next[$who]=$first; done
    while ((going)); do
        going=0
        for who; do
            ((${next[$who]})) || continue
            going=1
            step "$who" "${next[$who]}" || return
            if ((!fair || (over && proxy < FULL))); then
                disturbed[$who]=$((${disturbed[$who]:-0} + 1))
                ((others <= BUSY)) || { echo '  no result: k6 or the app is saturated, not the proxy'; return 1; }
                ((${disturbed[$who]} < 3)) || { echo '  no result: something else on this machine takes the time'; return 1; }
                continue
            elif ((over)); then
                high[$who]=${next[$who]} high_p99[$who]=$p99
            else
                low[$who]=${next[$who]} low_p99[$who]=$p99
            fi
            next[$who]="$(next_rate "${low[$who]:-0}" "${high[$who]:-0}")"
        done
    done
    for who; do
        [[ -n ${low[$who]:-} ]] || { echo "  no result: $who passes $LIMIT ms at every rate"; return 1; }
        # Between the two the p99 grows by a factor, not by a sum.
        knee[$who]="$(awk -v low="${low[$who]}" -v high="${high[$who]}" -v a="${low_p99[$who]}" -v b="${high_p99[$who]}" \
            -v limit="$LIMIT" 'BEGIN { printf "%d", low + (high - low) * (b > limit ? log(limit / a) / log(b / a) : 0.5) }')"
    done
}
# The rate to try between the highest that holds and the lowest that does not, of which each may be 0: unknown. 0 where they are close.
next_rate() {
    awk -v low="$1" -v high="$2" -v close_to="$CLOSE" 'BEGIN {
        rate = !high ? low * 1.3 : !low ? high / 1.3 : high - low > close_to * high ? (low + high) / 2 : 0
        printf "%d", rate < 50 ? 0 : rate
    }'
}

run_knee() {
    local round who
    local -A knee=()
    local ratios=() rows=()
    step_seconds="${SECONDS_EACH:-5}"
    part="${PART:-$(awk -v cores="$load_count" 'BEGIN { part = cores / 8; print part < 1 ? part : 1 }')}"
    if [[ $part != 1 ]]; then
        [[ $proxy_core != "$load_cores" ]] || { echo '  the knee needs two cores'; return 1; }
        command -v node >/dev/null || fail 'install Node.js first, it takes a part of the core from the proxies'
        as=(chrt --idle 0)
    fi
    start_gateway
    start_bare
    as=(env)
    if [[ $part != 1 ]]; then
        taskset -c "$proxy_core" node loadtest/k6/hog.mjs "$part" >>"$work/log" 2>&1 &
        hog=$!
        sleep 0.5
    fi
    echo "  the proxies have $(awk -v part="$part" 'BEGIN { printf "%.1f", 100 * part }') % of a core; $LIMIT ms for 99 of 100"
    for ((round = 1; round <= ${ROUNDS:-3}; round++)); do
        # Whoever starts, starts with caches and neighbours as they happen to be: so they take turns.
        if ((round % 2)); then set -- bare gateway; else set -- gateway bare; fi
        find_knees "$(awk -v part="$part" 'BEGIN { printf "%d", 16000 * part }')" "$@" || return
        ratios+=("$(awk -v a="${knee[gateway]}" -v b="${knee[bare]}" 'BEGIN { printf "%.3f", a / b }')")
        rows+=("{\"gateway\":${knee[gateway]},\"bare\":${knee[bare]},\"ratio\":${ratios[-1]}}")
        echo "  round $round: knee of the gateway ${knee[gateway]}/s, of bare pingora ${knee[bare]}/s, ratio ${ratios[-1]}"
    done
    ratio="$(printf '%s\n' "${ratios[@]}" | sort -n |
        awk '{ at[NR] = $1 } END { printf "%.3f", (at[int((NR + 1) / 2)] + at[int(NR / 2) + 1]) / 2 }')"
    echo "  median ratio $ratio (at least 0.9)"
    if [[ -n $results ]]; then
        printf '{"limit_ms":%s,"part_of_core":%s,"ratio":%s,"rounds":[%s]}\n' "$LIMIT" "$part" "$ratio" "$(IFS=,; echo "${rows[*]}")" \
            >"$results/k6-knee.json"
    fi
    spent=''
    awk -v ratio="$ratio" 'BEGIN { exit !(ratio >= 0.9) }'
}

# The knee: requests a second at which the p99 passes 10 ms, of the gateway and of bare pingora, in turn on the same core. Sourced by
# loadtest/run.
#
# A request costs k6 about 100 us of CPU and a proxy about 25, so on two cores k6 would give in first. Therefore the proxies get a part of
# their core only: a process with real-time priority takes the rest in turns of less than two milliseconds, which makes it an eighth as
# fast a core, not one that stops for long. Both contenders get the same part, a request's cost is what it was (but for somewhat colder
# caches, which both have), and latencies well below 10 ms stay below: the knee is the proxy's, and the ratio is that of whole cores. It
# leans against the gateway if anything: what it does without requests (a thousandth of a core more than bare pingora) weighs eightfold.
# Each further core for k6 makes the part an eighth larger; from nine cores on the proxies have a core of their own.
#
# A step counts as too steep only if the proxy used what it had. Where it did not, k6 or something else on the machine was what took the
# time: the step is done again, and after three such steps there is no result and the run fails.

LIMIT=10
# Of the rate: how closely the knee is found.
CLOSE=0.02
# Per cent of its part that a proxy uses when it can do no more; what the part is short of whole is slices that begin late.
FULL=75
# Per cent of their cores beyond which k6 and the app may be what is slow.
BUSY=85

# One step for a contender: `p99`, `over` (0 or 1), `proxy` and `others` (per cent of what they have).
step() {
    local who=$1 rate=$2 reached failed
    local -n process=$who
    local ports="${who}_port"
    target="http://127.0.0.1:${!ports}"
    attack knee "$process" RATE="$rate" SECONDS="$step_seconds" STEP="$work/step" || return
    read -r p99 reached failed <"$work/step"
    read -r over proxy others < <(awk -v p99="$p99" -v reached="$reached" -v failed="$failed" -v rate="$rate" -v limit="$LIMIT" \
        -v time=$((step_seconds + 1)) -v part="$part" -v cores="$load_count" '{
            print (p99 > limit || reached < 0.98 * rate || failed > 0), int(100 * $1 / time / part), int(100 * ($2 + $3) / time / cores)
        }' <<<"$spent")
    printf '  %-8s %6d/s  p99 %8.2f ms  reached %6.0f/s  failed %d   proxy %3d %% of its part, k6 and app %3d %%\n' \
        "$who" "$rate" "$p99" "$reached" "$failed" "$proxy" "$others"
}

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
            if ((over && proxy < FULL)); then
                disturbed[$who]=$((${disturbed[$who]:-0} + 1))
                ((others <= BUSY && ${disturbed[$who]} < 3)) && continue
                ((others <= BUSY)) || { echo '  no result: k6 or the app is saturated, not the proxy'; return 1; }
                echo '  no result: the proxy had time left, something else on this machine took it'
                return 1
            elif ((over)); then
                high[$who]=${next[$who]} high_p99[$who]=$p99
            else
                low[$who]=${next[$who]} low_p99[$who]=$p99
            fi
            next[$who]="$(awk -v low="${low[$who]:-0}" -v high="${high[$who]:-0}" -v close_to="$CLOSE" 'BEGIN {
                if (!high) next_rate = low * 1.3
                else if (!low) next_rate = high / 1.3
                else if (high - low < close_to * high) next_rate = 0
                else next_rate = (low + high) / 2
                printf "%d", next_rate < 50 && next_rate ? 0 : next_rate
            }')"
        done
    done
    for who; do
        [[ -n ${low[$who]:-} ]] || { echo "  no result: $who passes $LIMIT ms at every rate"; return 1; }
        # Between the two the p99 grows by a factor, not by a sum.
        knee[$who]="$(awk -v low="${low[$who]}" -v high="${high[$who]}" -v a="${low_p99[$who]}" -v b="${high_p99[$who]}" -v limit="$LIMIT" 'BEGIN {
            way = b > limit ? (log(limit) - log(a)) / (log(b) - log(a)) : 0.5
            printf "%d", low + (high - low) * way
        }')"
    done
}

run_knee() {
    local round who
    local -A knee=()
    local ratios=() rows=()
    step_seconds="${SECONDS_EACH:-5}"
    start_gateway
    start_bare
    part="${PART:-$(awk -v cores="$load_count" 'BEGIN { part = cores / 8; print part < 1 ? part : 1 }')}"
    if [[ $part != 1 ]]; then
        [[ $proxy_core != "$load_cores" ]] || { echo '  the knee needs two cores'; return 1; }
        taskset -c "$proxy_core" chrt --fifo 1 node loadtest/k6/hog.mjs "$part" >>"$work/log" 2>&1 &
        hog=$!
        sleep 0.5
        kill -0 "$hog" 2>/dev/null || { tail -n 3 "$work/log" >&2; echo '  the knee needs real-time priority (root or CAP_SYS_NICE), or nine cores'; return 1; }
    fi
    echo "  the proxies have $(awk -v part="$part" 'BEGIN { printf "%.1f", 100 * part }') % of a core; $LIMIT ms for 99 of 100"
    for ((round = 1; round <= ${ROUNDS:-3}; round++)); do
        # Whoever starts, starts with caches and neighbours as they happen to be: so they take turns.
        if ((round % 2)); then set -- bare gateway; else set -- gateway bare; fi
        find_knees "$(awk -v part="$part" 'BEGIN { printf "%d", 25000 * part }')" "$@" || return
        ratios+=("$(awk -v a="${knee[gateway]}" -v b="${knee[bare]}" 'BEGIN { printf "%.3f", a / b }')")
        rows+=("{\"gateway\":${knee[gateway]},\"bare\":${knee[bare]},\"ratio\":${ratios[-1]}}")
        echo "  round $round: knee of the gateway ${knee[gateway]}/s, of bare pingora ${knee[bare]}/s, ratio ${ratios[-1]}"
    done
    ratio="$(printf '%s\n' "${ratios[@]}" | sort -n | awk '{ at[NR] = $1 } END { printf "%.3f", (at[int((NR + 1) / 2)] + at[int(NR / 2) + 1]) / 2 }')"
    echo "  median ratio $ratio (at least 0.9)"
    if [[ -n $results ]]; then
        printf '{"limit_ms":%s,"part_of_core":%s,"ratio":%s,"rounds":[%s]}\n' "$LIMIT" "$part" "$ratio" "$(IFS=,; echo "${rows[*]}")" \
            >"$results/k6-knee.json"
    fi
    spent=''
    awk -v ratio="$ratio" 'BEGIN { exit !(ratio >= 0.9) }'
}

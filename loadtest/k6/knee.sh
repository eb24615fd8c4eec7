# The knee: requests a second at which the p99 passes 10 ms, of the gateway and of bare pingora, in turn on the same core. Sourced by
# loadtest/run.
#
# A request costs k6 about 100 us of CPU and a proxy about 25, so on two cores k6 alone would give in first. Therefore wrk, which costs a
# tenth of k6, makes most of the load, over many connections that pause between requests, and k6 asks a few hundred times a second
# beside it and says how long answers take. Requests of both count.
#
# Each rate is measured in several rounds, and the lower quartile of its p99 counts: what else runs on a machine, or on the one it is a
# part of, makes answers slower, never faster.

# Of the p99, in milliseconds.
LIMIT=10
# Requests a second that are k6's, which come whatever answers take.
PROBES=300
# Of wrk, each of which asks again some time after it was answered: where answers get slow, fewer requests come than were asked for. So the
# knee is told in requests that came. So many connections that a proxy which can do no more keeps them waiting for longer than the limit.
CONNECTIONS=512
# Requests a second that are asked for, both kinds together.
RATES=(12000 16000 20000 24000 28000 32000 40000)
# Per cent of its core a proxy must use for slow answers to count as its own.
FULL=65

# Measures a contender at about so many requests a second. Appends who, the rate asked for, the one there was, the p99 in milliseconds,
# and what the proxy used of its core and the others of theirs in per cent.
measure() {
    local who=$1 rate=$2 p99 asked failed reached begun ended
    local -n process=$who port="${who}_port"
    target="http://127.0.0.1:$port"
    # Behind k6 where both want the core: answers are not to wait for whoever measures them.
    nice -n 15 wrk --threads 1 --connections "$CONNECTIONS" --duration "$((step_seconds + 60))s" --timeout 10s --script loadtest/k6/paced.lua "$target" -- \
        "$(awk -v rate="$rate" -v probes="$PROBES" -v connections="$CONNECTIONS" 'BEGIN { print 1000 * connections / (rate - probes) }')" \
        many app1.localhost GET / "$work/knee.tokens" >"$work/wrk" 2>&1 &
    wrk=$!
    begun="$(used "$wrk")"
    # Without collecting garbage, for which k6 would hold up its own clock.
    attack knee "$process" GOGC=off GOMEMLIMIT=1GiB RATE="$PROBES" SECONDS="$step_seconds" STEP="$work/step" || return
    ended="$(used "$wrk")"
    # It says what it did when it is asked to end.
    kill -INT "$wrk" && wait "$wrk" || true
    wrk=''
    grep -q '^JSON {' "$work/wrk" || { echo "  wrk says nothing of $who:"; tail -n 5 "$work/wrk"; return 1; }
    read -r p99 asked failed <"$work/step"
    # Of its whole run, some two seconds longer than what k6 measures.
    reached="$(sed -n 's/^JSON {"requests": \([0-9]*\), "microseconds": \([0-9]*\).*/\1 \2/p' "$work/wrk" |
        awk -v asked="$asked" '{ printf "%d", 1000000 * $1 / $2 + asked }')"
    failed=$((failed + $(sed -n 's/.*"refused": \([0-9]*\), "broken": \([0-9]*\).*/\1 + \2/p' "$work/wrk")))
    ((failed == 0)) || { echo "  $failed requests to $who failed"; return 1; }
    awk -v who="$who" -v rate="$rate" -v reached="$reached" -v p99="$p99" -v wrk="$begun $ended" -v cores="$load_count" '{
        split(wrk, used, " ")
        printf "%s %d %d %.2f %d %d\n", who, rate, reached, p99, 100 * $1 / $4, 100 * ($2 + $3 + used[2] - used[1]) / $4 / cores
    }' <<<"$spent" | tee -a "$work/knee" |
        awk '{ printf "  %-8s %6d/s  p99 %8.2f ms   proxy %3d %% of its core, k6, wrk and app %3d %% of theirs\n", $1, $3, $4, $5, $6 }'
}

# Prints a contender's knee, or nothing where there is none; says on standard error what it is made of.
knee_of() {
    awk -v who="$1" -v limit="$LIMIT" -v full="$FULL" '
        function sorted(text, part, list, count, i, j, one) {
            count = split(text, list, " ")
            for (i = 2; i <= count; i++) {
                one = list[i]
                for (j = i - 1; j && list[j] + 0 > one + 0; j--) list[j + 1] = list[j]
                list[j + 1] = one
            }
            return list[int(part * (count - 1)) + 1] + 0
        }
        $1 == who {
            if (!($2 in p99)) order[++rates] = $2
            reached[$2] = reached[$2] " " $3; p99[$2] = p99[$2] " " $4; proxy[$2] = proxy[$2] " " $5
        }
        END {
            for (step = 1; step <= rates; step++) {
                rate = sorted(reached[order[step]], 0.5); time = sorted(p99[order[step]], 0.25); busy = sorted(proxy[order[step]], 0.5)
                printf "  %-8s %6d/s  p99 %8.2f ms   proxy %3d %%\n", who, rate, time, busy >"/dev/stderr"
                # Where more is asked for and less comes, that is all that can come.
                if (rate < before) rate = before
                if (time > limit) {
                    # Slow from the first, or slow for other reasons than its own: no knee.
                    if (step > 1 && busy >= full) {
                        # Between two rates it grows by a factor, not by a sum.
                        knee = before + (rate - before) * log(limit / then) / log(time / then)
                        printf "%d\n", knee
                    }
                    exit
                }
                before = rate; then = time
            }
        }' "$work/knee"
}

run_knee() {
    local round rate who
    local -A knee=()
    local rounds="${ROUNDS:-6}"
    step_seconds="${SECONDS_EACH:-3}"
    ((rounds >= 5)) || fail 'ROUNDS: at least 5, of fewer a quarter says nothing'
    [[ $proxy_core != "$load_cores" ]] || { echo '  the knee needs two cores'; return 1; }
    command -v wrk >/dev/null || fail 'install wrk first, it makes most of the load'
    head -n 1000 "$site/tokens/good" >"$work/knee.tokens"
    start_gateway
    start_bare
    for ((round = 1; round <= rounds; round++)); do
        for rate in "${RATES[@]}"; do
            # Whoever is second has warmer neighbours: so they take turns.
            if ((round % 2)); then set -- bare gateway; else set -- gateway bare; fi
            for who; do measure "$who" "$rate" || return; done
        done
    done
    spent=''
    echo "  lower quartile of the p99, median rate"
    for who in bare gateway; do
        knee[$who]="$(knee_of "$who")"
        [[ -n ${knee[$who]} ]] || { echo "  no result: $who does not pass $LIMIT ms between these rates with its core in use"; return 1; }
    done
    ratio="$(awk -v a="${knee[gateway]}" -v b="${knee[bare]}" 'BEGIN { printf "%.3f", a / b }')"
    echo "  knee of the gateway ${knee[gateway]}/s, of bare pingora ${knee[bare]}/s, ratio $ratio (at least 0.9)"
    if [[ -n $results ]]; then
        awk -v head="\"limit_ms\":$LIMIT,\"gateway\":${knee[gateway]},\"bare\":${knee[bare]},\"ratio\":$ratio" 'BEGIN { printf "{%s,\"measured\":[", head }
            { printf "%s\n {\"proxy\":\"%s\",\"asked\":%d,\"requests_per_second\":%d,\"p99_ms\":%s,\"busy\":%d}", (NR > 1 ? "," : ""), $1, $2, $3, $4, $5 }
            END { print "\n]}" }' "$work/knee" >"$work/knee.json" || return
        mv "$work/knee.json" "$results/k6-knee.json"
    fi
    awk -v ratio="$ratio" 'BEGIN { exit !(ratio >= 0.9) }'
}

-- What wrk sends: KIND HOST METHOD PATH GOOD BAD [TEMPLATE]
--   KIND  one: the first good token; each: all good tokens in turn; many: any good token; bad: the same, and a bad one in ten times
--   TEMPLATE  a body, with %s where the token goes; without it the token is in the Authorization header
-- In the end one line of JSON is printed.
local threads = {}

function setup(thread)
    table.insert(threads, thread)
end

local function requests(path, make)
    local list = {}
    for token in io.lines(path) do
        list[#list + 1] = make(token)
    end
    return list
end

function init(args)
    local kind, host, method, path, good_file, bad_file, template = unpack(args)
    bad = 0
    local function make(token)
        if template then
            return wrk.format(method, path, { Host = host, ['Content-Type'] = 'application/json' }, (template:gsub('%%s', token)))
        end
        return wrk.format(method, path, { Host = host, Authorization = 'Bearer ' .. token })
    end
    if kind == 'one' then
        local only = make(io.lines(good_file)())
        request = function() return only end
        return
    end
    local good = requests(good_file, make)
    if kind == 'each' then
        local at = 0
        request = function()
            at = at % #good + 1
            return good[at]
        end
        return
    end
    math.randomseed(os.time())
    if kind == 'many' then
        request = function() return good[math.random(#good)] end
        return
    end
    local refused = requests(bad_file, make)
    request = function()
        if math.random(10) == 1 then
            bad = bad + 1
            return refused[math.random(#refused)]
        end
        return good[math.random(#good)]
    end
end

function done(summary, latency)
    local sent = 0
    for _, thread in ipairs(threads) do
        sent = sent + thread:get('bad')
    end
    local errors = summary.errors
    io.write(string.format(
        '\nJSON {"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "refused": %d, "broken": %d, "bad": %d}\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), errors.status,
        errors.connect + errors.read + errors.write + errors.timeout, sent))
end

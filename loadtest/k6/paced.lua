-- loadtest/comparison/load.lua with pauses: PAUSE first, then its own arguments. Each connection waits before each request, some PAUSE
-- milliseconds on average, at random, so that they do not come in step.
dofile('loadtest/comparison/load.lua')
local whole, pause = init, 0

function init(args)
    pause = tonumber(table.remove(args, 1))
    whole(args)
end

function delay()
    -- wrk takes whole milliseconds.
    return math.floor(math.random() * 2 * pause + 0.5)
end

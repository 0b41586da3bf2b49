-- What wrk sends and what it tells: a GET, or with a body as the script's argument a POST of that
-- JSON; and at the end one line, "REQUESTS MICROSECONDS P99_MICROSECONDS ERRORS".

function init(args)
    if args[1] then
        wrk.method = "POST"
        wrk.headers["Content-Type"] = "application/json"
        wrk.body = args[1]
    end
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format("measured %d %d %d %d\n", summary.requests, summary.duration,
        latency:percentile(99), e.connect + e.read + e.write + e.timeout + e.status))
end

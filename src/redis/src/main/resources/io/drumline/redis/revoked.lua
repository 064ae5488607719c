-- Finds the first of several subjects that is blocked now.
--
-- KEYS[1]  revoked, as in revoke.lua
-- ARGV     subjects
--
-- Returns the version, or an empty text if there is none; then the number of the first blocked
-- subject, the time of the block's end and its reason, or 0.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local blocks = redis.call('HMGET', KEYS[1], '@e', unpack(ARGV))
local version = blocks[1] or ''
for i = 2, #blocks do
  if blocks[i] then
    local ends, reason = string.match(blocks[i], '^(%d+) (.*)$')
    if ends and tonumber(ends) > now then
      return {version, i - 1, tonumber(ends), reason}
    end
  end
end
return {version, 0}

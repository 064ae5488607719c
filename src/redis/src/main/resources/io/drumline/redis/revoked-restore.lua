-- Restores blocks that a node knows and Redis has lost (eviction, a restart without its data, a
-- failover), in parts. Existing blocks are replaced only by ones that end later.
--
-- KEYS[1]  revoked, as in revoke.lua
-- ARGV[1]  epoch to begin
-- ARGV[2]  version that the node knows
-- ARGV[3]  maximum number of blocks
-- ARGV[4]  number of blocks that previous parts have stored, or - if more parts follow
-- ARGV[.]  then for each block: subject, time of its end, reason
--
-- The last part begins a new epoch if anything was lost: all other nodes then notice that, and
-- restore blocks that only they know. Until then the version is unchanged, so that no node takes a
-- part for the whole.
--
-- Returns the version, and the number of blocks that this part has stored.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local version = redis.call('HGET', KEYS[1], '@e') or ''
local stored = 0
local room = ARGV[3] + 2 - redis.call('HLEN', KEYS[1])
for i = 5, #ARGV, 3 do
  local ends = tonumber(ARGV[i + 1])
  local block = redis.call('HGET', KEYS[1], ARGV[i])
  if ends > now and (block or room > 0)
      and tonumber(string.match(block or '', '^%d+') or 0) < ends then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1] .. ' ' .. ARGV[i + 2])
    room = room - (block and 0 or 1)
    stored = stored + 1
  end
end
if ARGV[4] == '-' then
  return {version, stored}
end

local form = '^99999999999999%-(%w+)%-(%d+)$'
local epoch, number = string.match(version, form)
local knownEpoch, knownNumber = string.match(ARGV[2], form)
if not epoch or stored + ARGV[4] > 0
    or (epoch == knownEpoch and tonumber(number) < tonumber(knownNumber)) then
  version = '99999999999999-' .. ARGV[1] .. '-' .. string.format('%.0f', (number or 0) + 1)
  redis.call('HSET', KEYS[1], '@e', version)
end
return {version, stored}

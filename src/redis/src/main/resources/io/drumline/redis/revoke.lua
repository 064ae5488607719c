-- Blocks a subject, or removes a block.
--
-- KEYS[1]  revoked: hash of a field for each block, such as user:ann, with the time of its end
--          (milliseconds, this Redis' clock), a space and the reason; the field @, the cursor from
--          which the next call removes expired blocks; and the field @e, the version of all blocks:
--          99999999999999-<epoch>-<number of changes>. It shows nodes that blocks were lost.
--          (Earlier versions of Drumline remove fields that do not begin with a future time.)
--          It has no time to live, so that no volatile-* policy evicts it.
-- ARGV[1]  subject, such as user:ann
-- ARGV[2]  duration from now, milliseconds; 0 removes the block
-- ARGV[3]  reason
-- ARGV[4]  maximum number of blocks
-- ARGV[5]  epoch to begin if there is none
--
-- Returns the time of the block's end, or 0 if the maximum is reached; for a removal, 1 if the
-- block was in force, else 0. Then the version.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function inForce(block)
  return block and tonumber(string.match(block, '^%d+') or 0) > now
end

local version = redis.call('HGET', KEYS[1], '@e')
local epoch, number = string.match(version or '', '^99999999999999%-(%w+)%-(%d+)$')
local changed = '99999999999999-' .. (epoch or ARGV[5]) .. '-'
    .. string.format('%.0f', (number or 0) + 1)

if ARGV[2] == '0' then
  local block = redis.call('HGET', KEYS[1], ARGV[1])
  if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then
    return {0, version or ''}
  end
  redis.call('HSET', KEYS[1], '@e', changed)
  return {inForce(block) and 1 or 0, changed}
end

-- A part at a time, so that no call takes long, however many blocks there are.
local cursor = redis.call('HGET', KEYS[1], '@') or '0'
local part = redis.call('HSCAN', KEYS[1], cursor, 'COUNT', 20)
for i = 1, #part[2], 2 do
  if part[2][i] ~= '@' and not inForce(part[2][i + 1]) then
    redis.call('HDEL', KEYS[1], part[2][i])
  end
end

if redis.call('HLEN', KEYS[1]) > ARGV[4] + 1
    and not redis.call('HGET', KEYS[1], ARGV[1]) then
  redis.call('HSET', KEYS[1], '@', part[1])
  return {0, version or ''}
end
local ends = now + tonumber(ARGV[2])
redis.call('HSET', KEYS[1], '@e', changed, '@', part[1],
    ARGV[1], string.format('%.0f', ends) .. ' ' .. ARGV[3])
-- Earlier versions set a time to live, and their ACL does not include PERSIST.
if redis.call('PTTL', KEYS[1]) > 0 then
  redis.pcall('PERSIST', KEYS[1])
end
return {ends, changed}

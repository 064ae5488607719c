-- Opens a shared session for a connection, which replaces the session's previous connection.
--
-- KEYS[1]  session: hash of u (user), g (generation), n (incarnation of the node that opened it),
--          s (number of the last update of this generation; 1 is the opening), and a field for each
--          destination with the position in it; destinations begin with /
-- ARGV[1]  user
-- ARGV[2]  incarnation of the node that opens it
-- ARGV[3]  time to live, milliseconds
-- ARGV[4]  prefix of the nodes' channels, to which the incarnation is appended
-- ARGV[5]  client-id
-- ARGV[6]  highest generation that the node knows, of any session
--
-- Returns 0 if it belongs to another user; else the generation, 1 if the session existed or 0, and
-- each destination and its position.

-- Anything that is not a generation, as another program may have written it, counts as 0.
local function number(text)
  return string.match(text, '^%d+$') and #text < 16 and tonumber(text) or 0
end

local user, node, last = nil, nil, 0
local answer = {0, 0}
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local name, value = fields[i], fields[i + 1]
  if name == 'u' then
    user = value
  elseif name == 'n' then
    node = value
  elseif name == 'g' then
    last = number(value)
  elseif name ~= 's' then
    table.insert(answer, name)
    table.insert(answer, value)
  end
end
if user and user ~= ARGV[1] then
  return {0}
end

-- The clock, so that generations increase even if the session was forgotten in between; and the
-- node's highest one, in case the clock was set back.
local time = redis.call('TIME')
local generation =
    math.max(last + 1, time[1] * 1000 + math.floor(time[2] / 1000), ARGV[6] + 1)
local text = string.format('%.0f', generation)
redis.call('HSET', KEYS[1], 'u', ARGV[1], 'g', text, 'n', ARGV[2], 's', '1')
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if node then
  redis.call('PUBLISH', ARGV[4] .. node, 'opened ' .. text .. ' ' .. ARGV[5])
end

answer[1] = generation
answer[2] = user and 1 or 0
return answer

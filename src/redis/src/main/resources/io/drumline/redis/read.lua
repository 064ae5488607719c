-- Reads the position of a destination's order, and a page of its history.
--
-- KEYS[1]  meta    as in publish.lua
-- KEYS[2]  stream  as in publish.lua; optional
-- ARGV[1]  offset after which the page begins
-- ARGV[2]  maximum number of messages; 0 to read the position only
-- ARGV[3]  maximum bytes beyond the first message
-- ARGV[4]  epoch to begin if the destination has none; empty to begin none
-- ARGV[5]  maximum age of a message, ms; 0 if none is kept
-- ARGV[6]  maximum number of messages kept; XADD trims only approximately
--
-- Returns nothing if there is no epoch; else the epoch, the last offset, the last id, the offset of
-- the oldest message kept, and envelopes in order; an empty one for an entry that is no envelope.

local stream = string.sub(KEYS[1], 1, -2) .. 's'

local function forMillis(key, millis)
  redis.call('PEXPIRE', key, string.format('%d', millis))
end

local meta = redis.call('HMGET', KEYS[1], 'e', 'o', 'i')
local epoch, last, id = meta[1], tonumber(meta[2] or 0), meta[3] or ''
local hour, age = 3600000, tonumber(ARGV[5])

if not epoch then
  if ARGV[4] == '' then return {} end
  -- HSET first: Redis checks maxmemory only before the first write, and not before DEL.
  redis.call('HSET', KEYS[1], 'e', ARGV[4], 'o', '0', 'i', '')
  redis.call('DEL', stream)
  forMillis(KEYS[1], hour)
  return {ARGV[4], 0, '', 1}
end

-- Readers need the epoch: keep at least half of the time to live set by publish.lua.
local expiry = last == 0 and hour or math.max(7 * 24 * hour, age + 3 * hour)
if redis.call('PTTL', KEYS[1]) < expiry / 2 then forMillis(KEYS[1], expiry) end

local function range(offset, count)
  return redis.call('XRANGE', stream, string.format('%d', offset), '+', 'COUNT', count)
end
local function offsetOf(entry) return tonumber(string.match(entry[1], '^%d+')) end

local time = redis.call('TIME')
local oldest = time[1] * 1000 + math.floor(time[2] / 1000) - age
local function isKept(entry) return (tonumber(entry[2][4]) or 0) >= oldest end

-- The oldest entry that has not expired.
local first = last + 1
local head = age > 0 and range(1, 1)[1]
if head then
  first = offsetOf(head)
  if not isKept(head) then
    local gone = first
    first = last + 1
    while first - gone > 1 do
      local middle = math.floor((gone + first) / 2)
      local entry = range(middle, 1)[1]
      if not entry or isKept(entry) then first = middle else gone = offsetOf(entry) end
    end
    -- If there is no such entry, the next one.
    local entry = range(first, 1)[1]
    first = entry and offsetOf(entry) or last + 1
  end
end

-- Only the last messages, up to the limit.
local floor = last - ARGV[6] + 1
if first < floor then
  local entry = range(floor, 1)[1]
  first = entry and offsetOf(entry) or last + 1
end

local page = {epoch, last, id, first}
local from, left, bytes, count = math.max(first, ARGV[1] + 1), tonumber(ARGV[2]), ARGV[3] + 0, 1
while left > 0 and from <= last do
  local entries = range(from, math.min(count, left))
  for _, entry in ipairs(entries) do
    local envelope = entry[2][1] == 'v' and entry[2][2] or ''
    if #page > 4 then bytes = bytes - #envelope end
    if bytes < 0 then return page end
    page[#page + 1] = envelope
    from = offsetOf(entry) + 1
  end
  if #entries == 0 then break end
  left = left - #entries
  count = count * 2 -- so that no more than a page is read beyond the page
end
return page

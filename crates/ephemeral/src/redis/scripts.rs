//! The operations of the Redis engine that must be atomic, each a Lua script on a single key, as a cluster would want it.
//!
//! The time is an argument: expiry follows our clock. Times are compared as numbers, of which Lua's 53 bits hold any
//! millisecond that is meant. Offsets are those of [`super::envelope`]: Lua counts from 1, `SETRANGE` from 0.

use redis::Script;

/// Answers with the entry as it was, or nothing. ARGV: now, the tombstone or nothing, its milliseconds.
const TAKE: &str = "
local entry = redis.call('GET', KEYS[1])
if not entry or tonumber(string.sub(entry, 2, 16)) <= tonumber(ARGV[1]) then return false end
if string.sub(entry, 1, 1) == 'L' then
  if ARGV[2] == '' then
    redis.call('DEL', KEYS[1])
  else
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  end
end
return entry";

/// ARGV: now, the old value, the new one.
const SWAP: &str = "
local entry = redis.call('GET', KEYS[1])
if not entry or string.sub(entry, 1, 1) ~= 'L' then return 0 end
if tonumber(string.sub(entry, 2, 16)) <= tonumber(ARGV[1]) then return 0 end
local header = 21 + (tonumber(string.sub(entry, 17, 21)) or 0)
if string.sub(entry, header + 1) ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], string.sub(entry, 1, header) .. ARGV[3], 'KEEPTTL')
return 1";

/// ARGV: now, the value.
const REMOVE_IF: &str = "
local entry = redis.call('GET', KEYS[1])
if not entry or string.sub(entry, 1, 1) ~= 'L' then return 0 end
if tonumber(string.sub(entry, 2, 16)) <= tonumber(ARGV[1]) then return 0 end
local header = 21 + (tonumber(string.sub(entry, 17, 21)) or 0)
if string.sub(entry, header + 1) ~= ARGV[2] then return 0 end
return redis.call('DEL', KEYS[1])";

/// ARGV: now, the new expiry in 15 digits, its milliseconds.
const TOUCH: &str = "
local entry = redis.call('GETRANGE', KEYS[1], 0, 15)
if string.sub(entry, 1, 1) ~= 'L' or tonumber(string.sub(entry, 2, 16)) <= tonumber(ARGV[1]) then return 0 end
redis.call('SETRANGE', KEYS[1], 1, ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1";

/// ARGV: now, the end of a window that began now in 15 digits, its milliseconds.
const COUNT: &str = "
local counter = redis.call('GET', KEYS[1])
if counter and tonumber(string.sub(counter, 1, 15)) > tonumber(ARGV[1]) then
  local count = tonumber(string.sub(counter, 16)) + 1
  redis.call('SET', KEYS[1], string.sub(counter, 1, 15) .. string.format('%d', count), 'KEEPTTL')
  return count
end
redis.call('SET', KEYS[1], ARGV[2] .. '1', 'PX', ARGV[3])
return 1";

/// Answers with the milliseconds to wait, or 0 once the try is counted, as [`crate::pace`] tells. ARGV: now, the milliseconds
/// after which a try is forgiven, how many are free, the waits.
const ADMIT: &str = "
local now, forgive, from = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local counted = 0
local entry = redis.call('GET', KEYS[1])
if entry and string.sub(entry, 1, 1) == 'L' and tonumber(string.sub(entry, 2, 16)) > now then
  local wait = (tonumber(string.sub(entry, 22)) or 0) - now
  if wait > 0 then return wait end
  counted = tonumber(string.sub(entry, 2, 16)) - now
end
counted = counted + forgive
local tries, wait = math.ceil(counted / forgive), 0
for index = 4, #ARGV do
  if tries < from then break end
  wait, from = tonumber(ARGV[index]), from * 2
end
local written = string.format('L%015.0f-----%015.0f', now + counted, now + wait)
redis.call('SET', KEYS[1], written, 'PX', string.format('%.0f', counted))
return 0";

/// ARGV: now, the milliseconds after which a try is forgiven.
const GIVE_BACK: &str = "
local entry = redis.call('GET', KEYS[1])
if not entry or string.sub(entry, 1, 1) ~= 'L' then return end
local left = tonumber(string.sub(entry, 2, 16)) - tonumber(ARGV[2])
if left <= tonumber(ARGV[1]) then
  redis.call('DEL', KEYS[1])
else
  local written = string.format('L%015.0f-----%015.0f', left, tonumber(ARGV[1]))
  redis.call('SET', KEYS[1], written, 'KEEPTTL')
end";

/// ARGV: now, the mark, its milliseconds.
const MARK: &str = "
local entry = redis.call('GETRANGE', KEYS[1], 0, 15)
if entry ~= '' and tonumber(string.sub(entry, 2, 16)) > tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1";

pub(super) struct Scripts {
    pub(super) take: Script,
    pub(super) swap: Script,
    pub(super) remove_if: Script,
    pub(super) touch: Script,
    pub(super) count: Script,
    pub(super) admit: Script,
    pub(super) give_back: Script,
    pub(super) mark: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            take: Script::new(TAKE),
            swap: Script::new(SWAP),
            remove_if: Script::new(REMOVE_IF),
            touch: Script::new(TOUCH),
            count: Script::new(COUNT),
            admit: Script::new(ADMIT),
            give_back: Script::new(GIVE_BACK),
            mark: Script::new(MARK),
        }
    }
}

/**
 * Emojis by name, for `:shortcodes:` and for the picker. Native characters: nothing to download but this list. A line
 * is a group; in it each emoji is followed by its names, the first of which is its shortcode.
 */
const source = {
  faces: `
    😀 grinning|😃 smiley|😄 smile happy|😁 grin|😆 laughing|😅 sweat_smile|🤣 rofl|😂 joy tears|🙂 slightly_smiling|
    🙃 upside_down|😉 wink|😊 blush|😇 innocent|🥰 smiling_hearts love|😍 heart_eyes|🤩 star_struck|
    😘 kissing_heart|😗 kissing|😋 yum|😛 tongue|😜 wink_tongue|🤪 zany|🤗 hugs|🤭 hand_over_mouth|🤫 shush|
    🤔 thinking|🤐 zipper_mouth|🤨 raised_eyebrow|😐 neutral|😑 expressionless|😶 no_mouth|😏 smirk|😒 unamused|
    🙄 roll_eyes|😬 grimacing|🤥 lying|😌 relieved|😔 pensive|😪 sleepy|🤤 drooling|😴 sleeping zzz|😷 mask|
    🤒 thermometer sick|🤕 bandage|🤢 nauseated|🤮 vomiting|🤧 sneezing|🥵 hot|🥶 cold|🥴 woozy|😵 dizzy_face|
    🤯 exploding_head mind_blown|🤠 cowboy|🥳 partying party|😎 sunglasses cool|🤓 nerd|🧐 monocle|😕 confused|
    😟 worried|🙁 frowning|😮 open_mouth wow|😯 hushed|😲 astonished|😳 flushed|🥺 pleading|😦 frowning_open|
    😧 anguished|😨 fearful|😰 cold_sweat|😥 disappointed_relieved|😢 cry sad|😭 sob|😱 scream|😖 confounded|
    😣 persevere|😞 disappointed|😓 sweat|😩 weary|😫 tired|🥱 yawning|😤 triumph|😡 rage|😠 angry|🤬 cursing|😈 imp|
    💀 skull|💩 poop|🤡 clown|👻 ghost|👽 alien|🤖 robot`,
  people: `
    👍 +1 thumbsup yes|👎 -1 thumbsdown no|👌 ok_hand|✌️ v peace|🤞 crossed_fingers|🤟 love_you|🤘 metal|
    🤙 call_me|👈 point_left|👉 point_right|👆 point_up|👇 point_down|☝️ one|✋ hand|🖖 vulcan|👋 wave hello|👏 clap|
    🙌 raised_hands|👐 open_hands|🤲 palms_up|🤝 handshake deal|🙏 pray thanks please|✍️ writing|💪 muscle|
    👀 eyes look|🧠 brain|👶 baby|🧒 child|👦 boy|👧 girl|🧑 person|👨 man|👩 woman|👴 old_man|👵 old_woman|🤷 shrug|
    🤦 facepalm|🙋 raising_hand|🙇 bow|🧑‍💻 technologist coder|🧑‍🏫 teacher|🧑‍🍳 cook|👮 police|🕵️ detective|
    🏃 running|🚶 walking|💃 dancer|🕺 man_dancing|👫 couple|👪 family`,
  nature: `
    🐶 dog|🐱 cat|🐭 mouse|🐹 hamster|🐰 rabbit|🦊 fox|🐻 bear|🐼 panda|🐨 koala|🐯 tiger|🦁 lion|🐮 cow|🐷 pig|🐸 frog|
    🐵 monkey|🙈 see_no_evil|🙉 hear_no_evil|🙊 speak_no_evil|🐔 chicken|🐧 penguin|🐦 bird|🦆 duck|🦅 eagle|🦉 owl|
    🐺 wolf|🐴 horse|🦄 unicorn|🐝 bee|🦋 butterfly|🐌 snail|🐞 ladybug bug|🐢 turtle|🐍 snake|🐙 octopus|🐠 fish|
    🐬 dolphin|🐳 whale|🌵 cactus|🎄 christmas_tree|🌲 evergreen|🌳 tree|🌴 palm|🌱 seedling|
    🍀 four_leaf_clover luck|🌷 tulip|🌹 rose|🌻 sunflower|🌸 blossom|🍂 leaves|☀️ sunny sun|🌤️ partly_sunny|
    ☁️ cloud|🌧️ rain|⛈️ storm|❄️ snowflake|⛄ snowman|🌈 rainbow|⭐ star|🌟 star2|✨ sparkles|⚡ zap|🔥 fire hot|
    💧 droplet|🌊 ocean|🌍 earth|🌙 moon`,
  food: `
    🍎 apple|🍐 pear|🍊 orange|🍋 lemon|🍌 banana|🍉 watermelon|🍇 grapes|🍓 strawberry|🍒 cherries|🍑 peach|🥭 mango|
    🍍 pineapple|🥑 avocado|🍅 tomato|🥕 carrot|🌽 corn|🌶️ hot_pepper|🍞 bread|🥐 croissant|🥨 pretzel|🧀 cheese|
    🥚 egg|🥓 bacon|🍔 hamburger|🍟 fries|🍕 pizza|🌭 hotdog|🌮 taco|🌯 burrito|🥗 salad|🍝 spaghetti|🍜 ramen|🍣 sushi|
    🍦 icecream|🍩 doughnut|🍪 cookie|🎂 birthday|🍰 cake|🍫 chocolate|🍬 candy|☕ coffee|🍵 tea|🥤 cup|🍺 beer|
    🍻 beers cheers|🍷 wine|🥂 champagne`,
  things: `
    ⚽ soccer|🏀 basketball|🎾 tennis|🏓 ping_pong|🏆 trophy|🥇 first_place|🎯 dart|🎮 video_game|🎲 dice|🎸 guitar|
    🎹 piano|🎤 microphone|🎧 headphones|🎬 clapper|🎨 art|🚗 car|🚌 bus|🚲 bike|🚂 train|✈️ airplane|
    🚀 rocket ship_it|⛵ boat|🏠 house|🏢 office|🏖️ beach|🏔️ mountain|🗺️ map|⌚ watch|📱 phone|💻 laptop computer|
    ⌨️ keyboard|🖨️ printer|📷 camera|📺 tv|💡 bulb idea|🔦 flashlight|💸 money|💳 credit_card|📦 package|✉️ email|
    📧 e_mail|📮 postbox|📝 memo note|📅 calendar|📌 pushpin|📎 paperclip|✂️ scissors|🔒 lock|🔑 key|🔨 hammer|
    🔧 wrench|⚙️ gear|🧪 test_tube|💊 pill|🎁 gift|🎈 balloon|🎉 tada party_popper|🎊 confetti|📣 mega|🔔 bell|
    📊 chart|📈 chart_up|📉 chart_down|🗑️ trash`,
  signs: `
    ❤️ heart love|🧡 orange_heart|💛 yellow_heart|💚 green_heart|💙 blue_heart|💜 purple_heart|🖤 black_heart|
    🤍 white_heart|💔 broken_heart|💕 two_hearts|💯 100|💢 anger|💥 boom|💫 dizzy|💤 zzz_sign|💬 speech|✅ check done|
    ☑️ ballot|✔️ heavy_check|❌ x cross|❓ question|❗ exclamation|⚠️ warning|🚫 no_entry|⛔ stop|♻️ recycle|
    🔁 repeat|➕ plus|➖ minus|➡️ arrow_right|⬅️ arrow_left|⬆️ arrow_up|⬇️ arrow_down|🆗 ok|🆕 new|🔴 red_circle|
    🟡 yellow_circle|🟢 green_circle|🔵 blue_circle|⏰ alarm|⏳ hourglass|🏁 finish|🚩 flag|🏳️‍🌈 rainbow_flag`,
} as const;

export type Group = keyof typeof source;
export type Emoji = { sign: string; names: readonly string[] };

export const groups: readonly (readonly [Group, readonly Emoji[]])[] = (Object.keys(source) as Group[]).map(group => [
  group,
  source[group].split("|").map(one => {
    const [sign = "", ...names] = one.trim().split(" ");
    return { sign, names };
  }),
]);

const all = groups.flatMap(([, emojis]) => emojis);
const byName = new Map(all.flatMap(emoji => emoji.names.map(name => [name, emoji.sign] as const)));

/** The emoji of a shortcode, without its colons. */
export const named = (name: string): string | undefined => byName.get(name.toLowerCase());

/** Those a part of whose name is that: names that begin so come first. */
export function like(part: string, most = 8): Emoji[] {
  const wanted = part.toLowerCase();
  const begins = all.filter(emoji => emoji.names.some(name => name.startsWith(wanted)));
  const within = all.filter(emoji => !begins.includes(emoji) && emoji.names.some(name => name.includes(wanted)));
  return [...begins, ...within].slice(0, most);
}

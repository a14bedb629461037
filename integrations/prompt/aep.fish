# The token's state at the right of fish's prompt. Put it into ~/.config/fish/conf.d; aepoff hides it, aepon shows it again.
function aepoff
    set -g AEP_PROMPT_OFF 1
end

function aepon
    set -e AEP_PROMPT_OFF
end

function __aep_keep_status
    return $argv[1]
end

if functions -q fish_right_prompt; and not functions -q __aep_other_right_prompt
    functions -c fish_right_prompt __aep_other_right_prompt
end

function fish_right_prompt
    set -l before $status
    set -q AEP_PROMPT_OFF; or aep-prompt --shell fish --color always
    if functions -q __aep_other_right_prompt
        __aep_keep_status $before
        __aep_other_right_prompt
    end
end

# The token's state at the right of fish's prompt. Put it into ~/.config/fish/conf.d; aepoff hides it, aepon shows it again.
status is-interactive; or exit 0

function aepoff
    set -gx AEP_PROMPT_OFF 1
end

function aepon
    set -e AEP_PROMPT_OFF
end

function __aep_prompt
    set -q AEP_PROMPT_OFF; or not command -q aep-prompt; or aep-prompt --shell fish --color always
end

# At the first prompt, when config.fish has had its say. A right prompt that is there already comes first, so that it
# sees $status as it was.
function __aep_install --on-event fish_prompt
    functions -e __aep_install
    if functions -q fish_right_prompt
        functions -c fish_right_prompt __aep_other_right_prompt
        function fish_right_prompt
            __aep_other_right_prompt
            echo -n ' '
            __aep_prompt
        end
    else
        function fish_right_prompt
            __aep_prompt
        end
    end
end

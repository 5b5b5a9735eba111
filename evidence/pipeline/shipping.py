"""The vocabulary of commands and actions that publish or deploy."""

from __future__ import annotations

import re
from typing import Final

from . import words
from .document import Step
from .gates import program
from .listing import listed
from .nodes import Text
from .unwrap import options_dropped, unwrap

ACTIONS: Final = listed(
    "azure/webapps-deploy azure/functions-action azure/container-apps-deploy-action azure/static-web-apps-deploy "
    "azure/k8s-deploy azure/arm-deploy azure/aci-deploy azure/spring-apps-deploy azure/appservice-settings "
    "aws-actions/amazon-ecs-deploy-task-definition aws-actions/aws-cloudformation-github-deploy "
    "aws-actions/aws-lambda-deploy einaregilsson/beanstalk-deploy appleboy/lambda-action "
    "google-github-actions/deploy-cloudrun google-github-actions/deploy-appengine "
    "google-github-actions/deploy-cloud-functions google-github-actions/create-cloud-deploy-release w9jds/firebase-action "
    "actions/deploy-pages peaceiris/actions-gh-pages jamesives/github-pages-deploy-action crazy-max/ghaction-github-pages "
    "cloudflare/wrangler-action cloudflare/pages-action amondnet/vercel-action akhileshns/heroku-deploy "
    "nwtgck/actions-netlify digitalocean/app_action burnett01/rsync-deployments easingthemes/ssh-deploy "
    "samkirkland/ftp-deploy-action serverless/github-action pypa/gh-action-pypi-publish js-devtools/npm-publish "
    "softprops/action-gh-release mikepenz/action-gh-release ncipollo/release-action actions/create-release "
    "marvinpinto/action-automatic-releases goreleaser/goreleaser-action cycjimmy/semantic-release-action "
    "helm/chart-releaser-action stefanprodan/helm-gh-pages rubygems/release-gem katyo/publish-crates "
    "haaleo/publish-vscode-extension r0adkll/upload-google-play "
    "apple-actions/upload-testflight-build octopusdeploy/create-release-action octopusdeploy/deploy-release-action "
    "superfly/flyctl-actions/deploy bervproject/railway-deploy johnbeynon/render-deploy-action cachix/cachix-deploy-action "
    "railwayapp/railway-deploy wordpress/plugin-deploy 10up/action-wordpress-plugin-deploy snapcore/action-publish "
    "nick-invision/heroku-deploy"
)
"""Actions that publish or deploy whatever their inputs."""
APPROVALS: Final = listed(
    "trstringer/manual-approval joshjohanning/approveops mastercontrol/manual-approval cloudposse/github-action-wait-for-approval"
)
"""Actions that wait for a person's approval."""
_COMMANDS: Final = tuple(
    (label, re.compile(pattern))
    for label, pattern in (
        ("gcloud deploy", r"gcloud (?:\S+ )*(?:app|run|functions|deploy)(?: \S+)*? (?:deploy|create|replace|update-traffic)\b"),
        ("firebase deploy", r"firebase(?:-tools)? (?:\S+ )*?deploy\b"),
        ("kubectl", r"kubectl (?:\S+ )*?(?:apply|rollout restart|set image|replace|patch)\b"),
        ("oc", r"oc (?:\S+ )*?(?:apply|rollout|set image|start-build)\b"),
        ("helm upgrade", r"helm (?:\S+ )*?(?:upgrade|install)\b(?! plugin)"),
        ("helm push", r"helm (?:push|cm-push)\b"),
        ("helmfile", r"helmfile (?:\S+ )*?(?:apply|sync)\b"),
        ("terraform apply", r"(?:terraform|tofu) (?:\S+ )*?(?:apply|destroy)\b"),
        ("terragrunt apply", r"terragrunt (?:\S+ )*?(?:apply|apply-all)\b"),
        ("pulumi up", r"pulumi (?:\S+ )*?up\b"),
        ("cdk deploy", r"cdk deploy\b"),
        ("sam deploy", r"sam deploy\b"),
        ("serverless deploy", r"(?:serverless|sls) (?:\S+ )*?deploy\b"),
        (
            "aws deploy",
            r"aws (?:\S+ )*?(?:ecs update-service|lambda update-function-code|lambda publish-version|"
            r"cloudformation deploy|"
            r"cloudformation (?:create|update)-stack|deploy create-deployment|deploy push|"
            r"elasticbeanstalk update-environment|amplify start-deployment|"
            r"apprunner start-deployment|s3 sync|cloudfront create-invalidation)\b",
        ),
        ("eb deploy", r"eb deploy\b"),
        (
            "az deploy",
            r"az (?:webapp (?:deploy|up|deployment)|functionapp (?:deploy|deployment)|containerapp (?:up|update)|deployment \S+ create|"
            r"staticwebapp (?:deploy|create)|spring app deploy|acr import)\b",
        ),
        ("swa deploy", r"swa deploy\b"),
        ("vercel", r"vercel (?:\S+ )*?(?:--prod|deploy --prebuilt --prod|--production|promote)\b"),
        ("netlify deploy", r"(?:netlify|ntl) deploy (?:\S+ )*?(?:--prod|-p)\b"),
        ("fly deploy", r"fly(?:ctl)? deploy\b"),
        ("heroku release", r"heroku (?:container:release|releases:promote|pipelines:promote)\b"),
        ("wrangler deploy", r"wrangler (?:deploy|publish|pages deploy|pages publish)\b"),
        ("railway up", r"railway (?:up|deploy|redeploy)\b"),
        ("skaffold", r"skaffold (?:run|deploy)\b"),
        ("argocd", r"argocd app (?:sync|set)\b"),
        ("nomad", r"nomad (?:job )?run\b"),
        ("doctl", r"doctl (?:apps (?:create-deployment|update)|serverless deploy)\b"),
        ("kamal deploy", r"kamal (?:deploy|redeploy|setup)\b"),
        ("cap deploy", r"cap \S+ deploy\b"),
        ("dep deploy", r"(?:dep|deployer) deploy\b"),
        ("npm publish", r"(?:npm|yarn|pnpm|bun|lerna) (?:\S+ )*?publish\b"),
        ("changeset publish", r"changeset publish\b"),
        ("semantic-release", r"semantic-release(?: publish| version)?(?=$| -)"),
        ("twine upload", r"twine upload\b"),
        ("poetry publish", r"(?:poetry|uv|flit|hatch|pdm|maturin) (?:publish|upload)\b"),
        ("cargo publish", r"cargo (?:publish|release)\b"),
        ("gem push", r"gem push\b"),
        ("nuget push", r"(?:dotnet )?nuget push\b"),
        ("choco push", r"choco push\b"),
        ("tfx extension publish", r"tfx extension publish\b"),
        ("vsce publish", r"(?:vsce|ovsx) publish\b"),
        ("mvn deploy", r"(?:mvn|mvnw) (?:\S+ )*?(?:deploy|release:perform|nexus-staging:release)\b"),
        ("gradle publish", r"(?:gradle|gradlew) (?:\S+ )*?\S*(?:publish(?!ToMavenLocal)\w*|uploadArchives)\b"),
        ("goreleaser", r"goreleaser (?:\S+ )*?release\b(?!.*--snapshot)"),
        ("gh release create", r"gh release create\b"),
        ("mix hex.publish", r"mix hex\.publish\b"),
        ("pod trunk push", r"pod trunk push\b"),
        ("fastlane", r"fastlane (?:\S+ )*?(?:deploy|release|upload_to_\w+|supply|deliver)\b"),
        ("eas submit", r"eas (?:submit|update)\b"),
        ("mkdocs gh-deploy", r"(?:mkdocs gh-deploy|mike deploy|ghp-import|gh-pages)\b"),
        ("snapcraft upload", r"snapcraft (?:upload|push|release)\b"),
    )
)
"""Commands that publish or deploy, matched from the first word of the unwrapped command."""
_DRY: Final = re.compile(
    r"(?:^| )(?:--dry-run(?:=(?!none|false)\S+)?|--dryrun|--noop|--check|--snapshot|--skip-publish|--help|--version|--preview)(?: |$)"
)
_TEST_INDEX: Final = re.compile(
    r"testpypi|test\.pypi\.org|localhost|127\.0\.0\.1|verdaccio|-SNAPSHOT|hosting:channel:deploy", re.IGNORECASE
)
_BRANCHES: Final = re.compile(
    r"(?:^|[:/])(?:gh-pages|pages|production|prod|live|deploy|deployment|release|stable)$|^(?:heroku|dokku|production|prod|live)$"
)
_RELEASE_TAG: Final = re.compile(r":(?:latest|stable|prod|production|release|live|v?\d+\.\d+[\w.-]*)$")
_RELEASE_WORDS: Final = re.compile(
    r"tag_name|ref_name|\bversion\b|[:=](?:latest|stable|prod(?:uction)?|release|v?\d+\.\d+[\w.-]*)(?:$|[\s,\"'])", re.IGNORECASE
)
_VERBS: Final = frozenset({"deploy", "deploys", "ship", "promote", "rollout"})
NOT_PRODUCTION: Final = listed(
    "dev development develop staging stage stg test testing tests qa uat preview previews sandbox review integration int ci "
    "local demo pr beta alpha nightly canary testpypi preprod preproduction nonprod non experimental acceptance performance "
    "perf"
)
"""Words in an environment's name that say that it is not production."""


def of_command(argv: tuple[str, ...], raw: str) -> str | None:
    """Returns what a command publishes or deploys with, None when it does neither.

    Args:
        argv: The command's words, expressions masked.
        raw: The command as it is written, expressions included.
    """
    argv = unwrap(argv)
    if not argv or _DRY.search(" " + " ".join(argv[1:]) + " ") or _TEST_INDEX.search(raw):
        return None
    name = program(argv[0])
    text = " ".join((name, *argv[1:]))
    for label, pattern in _COMMANDS:
        if pattern.match(text):
            return label
    if name == "git":
        return _git_push(argv[1:])
    if name in ("docker", "podman"):
        return _image_push(argv[1:], raw)
    return _script(name, argv)


def _git_push(rest: tuple[str, ...]) -> str | None:
    plain = options_dropped(rest, "-C -c")
    if plain[:1] != ("push",):
        return None
    target = next((word for word in plain[1:] if _BRANCHES.search(word)), None)
    return f"git push {target}" if target else None


def _image_push(rest: tuple[str, ...], raw: str) -> str | None:
    plain = options_dropped(rest)
    if plain[:1] == ("push",) or plain[:2] in (("image", "push"), ("compose", "push")):
        released = any(_RELEASE_TAG.search(word) for word in plain) or _RELEASE_WORDS.search(raw) or "--all-tags" in rest
        return "docker push" if released else None
    if "--push" in rest and plain[:1] in (("build",), ("buildx",)):
        return "docker build --push" if _RELEASE_WORDS.search(raw) else None
    return None


def _script(name: str, argv: tuple[str, ...]) -> str | None:
    """``npm run deploy``, ``make deploy``, ``./scripts/deploy.sh``, ``ansible-playbook deploy.yml``."""
    plain = options_dropped(argv[1:], "-C -f -i --prefix -w --filter")
    if name in ("npm", "yarn", "pnpm", "bun", "make", "just", "task", "rake", "invoke", "inv", "mage", "nx", "turbo"):
        candidates = [word for word in plain if word not in ("run", "run-script") and "=" not in word][:3]
    elif name in ("bash", "sh", "node", "python", "python3", "ruby", "php", "pwsh", "ansible-playbook", "source", "."):
        candidates = [program(word) for word in plain[:1]]
    elif "/" in argv[0] or argv[0].endswith((".sh", ".py", ".js", ".ps1")):
        candidates = [name]
    else:
        return None
    for word in candidates:
        parts = set(words.split(re.sub(r"\.\w+$", "", word)))
        if parts & _VERBS and not parts & (NOT_PRODUCTION | {"check", "verify", "wait", "post", "pre", "lint", "validate", "build"}):
            return f"{name} {word}" if word != name else word
    return None


def of_action(step: Step) -> tuple[str, Text | None] | None:
    """Returns what an action publishes or deploys with, and the input that decides whether it does."""
    if step.uses is None:
        return None
    name = step.uses.value.split("@")[0].strip()
    low = name.lower().rstrip("/")
    given = {key.lower(): text for key, text in step.inputs.items()}
    if _TEST_INDEX.search(" ".join(text.value for text in given.values() if len(text.value) < 500)):
        return None
    if low == "firebaseextended/action-hosting-deploy":
        return (name, None) if "channelid" in given and given["channelid"].value.strip().lower() == "live" else None
    if low in ("docker/build-push-action", "docker/bake-action"):
        push, tags = given.get("push"), given.get("tags")
        return (name, push) if push and tags and _RELEASE_WORDS.search(tags.value) else None
    if low == "pulumi/actions":
        return (name, None) if "command" in given and given["command"].value.strip() in ("up", "update", "destroy") else None
    if low == "goreleaser/goreleaser-action":
        return (name, None) if "args" in given and re.search(r"\brelease\b(?!.*--snapshot)", given["args"].value) else None
    if low == "changesets/action":
        return (name, None) if "publish" in given else None
    if low == "superfly/flyctl-actions":
        return (name, None) if "deploy" in step.source else None
    if low in ACTIONS or (low.startswith("./") and set(words.split(low.rsplit("/", 1)[-1])) & _VERBS):
        return name, None
    return None


def of_name(step: Step, weighty: bool) -> str | None:
    """Returns a step's name when it says that it deploys and the step does something that is not in the vocabulary."""
    said = words.split(step.name or "")
    if not weighty or not said or said[0] not in _VERBS or set(said) & NOT_PRODUCTION:
        return None
    return step.name

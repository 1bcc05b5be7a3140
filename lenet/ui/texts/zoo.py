"""The Zoo tab's texts."""

ENGLISH = {
    "upload": "Upload a network ({suffix})",
}

CHINESE = {
    "upload": "上传网络（{suffix}）",
}
